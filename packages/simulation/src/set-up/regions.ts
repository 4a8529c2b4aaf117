/** The regions of a scenario: those that it names, and those that its namespaces need. */
import type { RegionSpec } from '@devtrail/nvdimm-pmem'
import { OverlayMedium, PartMedium, ZeroMedium, type Medium } from '@devtrail/nvdimm-pmem/media'
import { isThere, kindOf, numbersOf } from '../scenario/claimants.ts'
import { ScenarioError } from '../scenario/place.ts'
import type { NamespaceSpec, RegionOf, Scenario } from '../scenario/scenario.ts'
import { bytesOf } from '../scenario/units.ts'

/** Opens an image that a scenario names; it is only read: what is stored is kept apart. */
export type OpenImage = (image: string) => Medium

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
  newUuid: () => string,
  open: OpenImage | null,
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
      return region(index, named.get(index) ?? null, own, newUuid, open)
    })
}

function region(
  index: number,
  given: RegionOf | null,
  own: readonly Pick<Placed, 'spec' | 'place'>[],
  newUuid: () => string,
  open: OpenImage | null,
): { region: RegionSpec; namespaces: readonly Placed[] } {
  const range = given === null ? around(own.map(({ spec }) => rangeOf(spec))) : rangeOf(given)
  const isWhole = own.length === 1 && numbersOf(own[0]!.spec)[1] === 0 && rangeOf(own[0]!.spec).size === range.size
  const labels = given?.labels ?? !(isWhole || own.length === 0)
  if (!labels && own.length > 0 && !isWhole)
    throw new ScenarioError(own[0]!.place, `a region without labels has one namespace, namespace${index}.0, of all of it`)
  const namespaces = own.map((ns, n) => {
    if (numbersOf(ns.spec)[1] !== n)
      throw new ScenarioError(`${ns.place}.name`, `the namespaces of a region are numbered from 0: here is namespace${index}.${n}`)
    return placed(ns, range, labels ? newUuid() : null, open)
  })
  const { pagemap = false, readOnly = false } = given ?? {}
  const found = namespaces.map(({ spec, start, size, uuid, medium }) => ({
    at: start - range.start,
    size,
    uuid: uuid!,
    medium,
    claimClass: isThere(spec) ? kindOf(spec)! : '',
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

function placed({ spec, place }: Pick<Placed, 'spec' | 'place'>, within: Range, uuid: string | null, open: OpenImage | null): Placed {
  const { start, size } = rangeOf(spec)
  if (start < within.start || start + size > within.start + within.size)
    throw new ScenarioError(place, `${spec.name} is not within its region`)
  return { spec, place, start, size, uuid, medium: new OverlayMedium(bytesFor(spec, place, size, open)) }
}

function bytesFor({ image }: NamespaceSpec, place: string, size: number, open: OpenImage | null): Medium {
  if (image === undefined) return new ZeroMedium(size)
  if (open === null) throw new ScenarioError(`${place}.image`, 'nobody said here how an image is opened')
  const medium = open(image)
  if (medium.size < size) throw new ScenarioError(`${place}.image`, `${image} has ${medium.size} bytes, the namespace ${size}`)
  return medium.size === size ? medium : new PartMedium(medium, 0, size)
}
