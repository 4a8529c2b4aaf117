/** The regions of a scenario: those that it names, and those that its namespaces need. */
import type { RegionSpec } from '@devtrail/nvdimm-pmem'
import { OverlayMedium, ZeroMedium, type Medium } from '@devtrail/nvdimm-pmem/media'
import { isThere, kindOf, numbersOf } from '../scenario/claimants.ts'
import { ScenarioError } from '../scenario/place.ts'
import type { NamespaceSpec, RegionOf, Scenario } from '../scenario/scenario.ts'
import { bytesOf } from '../scenario/units.ts'
import { bytesFor, classOf, parentOf, type OpenImage } from './namespace-bytes.ts'

/** A namespace, and where it lies. */
export interface Placed {
  readonly spec: NamespaceSpec
  /** In the scenario: `namespaces[0]`. */
  readonly place: string
  readonly start: number
  readonly size: number
  readonly medium: Medium
  /** Of its label; null without one. */
  readonly uuid: string | null
}

/** What regions are made with. */
export interface Making {
  readonly newUuid: () => string
  readonly open: OpenImage | null
  /** Puts on a namespace what is to be found there. */
  readonly prepare: (ns: Placed) => void
}

interface Range {
  readonly start: number
  readonly size: number
}

const SECTOR = 512

const rangeOf = ({ start, size }: { start: string; size: number | string }): Range => ({
  start: Number(BigInt(start)),
  size: Number(bytesOf(size)),
})

/** In the order of their numbers. @throws ScenarioError for namespaces that no region can have so. */
export function regionsOf(
  { regions = [], namespaces = [] }: Scenario,
  making: Making,
): readonly { readonly region: RegionSpec; readonly namespaces: readonly Placed[] }[] {
  const named = new Map(regions.map((region) => [Number(region.name.slice('region'.length)), region]))
  const numbers = new Set([...named.keys(), ...namespaces.map((spec) => numbersOf(spec)[0])])
  return [...numbers]
    .toSorted((a, b) => a - b)
    .map((index) => {
      const own = namespaces
        .map((spec, n) => ({ spec, place: `namespaces[${n}]` }))
        .filter(({ spec }) => numbersOf(spec)[0] === index)
        .toSorted((a, b) => numbersOf(a.spec)[1] - numbersOf(b.spec)[1])
      return region(index, named.get(index) ?? null, own, making)
    })
}

function region(
  index: number,
  given: RegionOf | null,
  own: readonly Pick<Placed, 'spec' | 'place'>[],
  { newUuid, open, prepare }: Making,
): { region: RegionSpec; namespaces: readonly Placed[] } {
  const range = given === null ? around(own.map(({ spec }) => rangeOf(spec))) : rangeOf(given)
  const isWhole = own.length === 1 && numbersOf(own[0]!.spec)[1] === 0 && rangeOf(own[0]!.spec).size === range.size
  const withBytes = own.map((ns) => ({ ...ns, bytes: bytesFor(ns.spec, ns.place, rangeOf(ns.spec).size, open) }))
  const parents = withBytes.map(({ spec, bytes }) => (spec.image === undefined ? null : parentOf(bytes)))
  const labels = given?.labels ?? (parents.some((uuid) => uuid !== null) || !(isWhole || own.length === 0))
  if (!labels && own.length > 0 && !isWhole)
    throw new ScenarioError(own[0]!.place, `a region without labels has one namespace, namespace${index}.0, of all of it`)
  const namespaces = withBytes.map((ns, n) => {
    if (numbersOf(ns.spec)[1] !== n)
      throw new ScenarioError(`${ns.place}.name`, `the namespaces of a region are numbered from 0: here is namespace${index}.${n}`)
    return placed(ns, range, labels ? (parents[n] ?? newUuid()) : null)
  })
  for (const ns of namespaces) prepare(ns)
  const { pagemap = false, readOnly = false } = given ?? {}
  const found = namespaces.map(({ spec, start, size, uuid, medium }) => ({
    at: start - range.start,
    size,
    uuid: uuid!,
    medium,
    claimClass: isThere(spec) ? classOf(kindOf(spec)!, medium) : '',
  }))
  const badRanges = namespaces.flatMap(({ spec, start }) =>
    (spec.badBlocks ?? []).map(({ sector, sectors }) => ({ at: start - range.start + sector * SECTOR, length: sectors * SECTOR })),
  )
  const bytes = labels ? { labels, found } : { medium: namespaces[0]?.medium ?? new OverlayMedium(new ZeroMedium(range.size)) }
  return { region: { index, start: BigInt(range.start), size: range.size, pagemap, readOnly, badRanges, ...bytes }, namespaces }
}

function around(ranges: readonly Range[]): Range {
  const start = Math.min(...ranges.map((r) => r.start))
  return { start, size: Math.max(...ranges.map((r) => r.start + r.size)) - start }
}

type WithBytes = Pick<Placed, 'spec' | 'place'> & { readonly bytes: Medium }

function placed({ spec, place, bytes }: WithBytes, within: Range, uuid: string | null): Placed {
  const { start, size } = rangeOf(spec)
  if (start < within.start || start + size > within.start + within.size)
    throw new ScenarioError(place, `${spec.name} is not within its region`)
  return { spec, place, start, size, uuid, medium: new OverlayMedium(bytes) }
}
