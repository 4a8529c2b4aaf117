/** What the devices of a scenario are called, and its disks. */
import type { RulesName } from '@devtrail/memremap'
import type { NamespaceSpec } from './scenario.ts'

export type Claiming = 'btt' | 'pfn' | 'dax'

const KINDS = { sector: 'btt', fsdax: 'pfn', devdax: 'dax' } as const

/** Of which kind the device is that holds a namespace; null for a raw one. */
export const kindOf = ({ mode = 'fsdax' }: NamespaceSpec): Claiming | null => (mode === 'raw' ? null : KINDS[mode])

/** Region and number of `namespace0.1`. */
export const numbersOf = ({ name }: NamespaceSpec): [region: number, namespace: number] => {
  const [region, number] = name.slice('namespace'.length).split('.')
  return [Number(region), Number(number)]
}

/** Whether its superblock is there when the machine starts. */
export const isThere = (spec: NamespaceSpec): boolean =>
  kindOf(spec) !== null && (spec.found === true || spec.bound === false || spec.image !== undefined)

/**
 * Whether a namespace's superblock is there, and is recognised, when the machine starts. The seed's kernel takes no pfn device with struct pages on the
 * device back after a start: it has to be set up anew.
 */
export const isFound = (spec: NamespaceSpec, rules: RulesName): boolean =>
  isThere(spec) && !(rules === 'seed' && kindOf(spec) === 'pfn' && spec.map !== 'mem')

/**
 * The devices that hold namespaces once the machine has started, by namespace: those that were found have the lowest numbers beside the seed's,
 * which is 0; of the others each takes the seed, and the next seed has the lowest number that is free.
 */
export function claimants(specs: readonly NamespaceSpec[], rules: RulesName): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const inOrder = specs.toSorted((a, b) => numbersOf(a)[1] - numbersOf(b)[1])
  const ofKind = (wanted: boolean): NamespaceSpec[] => inOrder.filter((s) => kindOf(s) !== null && isFound(s, rules) === wanted)
  for (const spec of ofKind(true)) {
    const series = `${kindOf(spec)}${numbersOf(spec)[0]}`
    const number = (counts.get(series) ?? 0) + 1
    counts.set(series, number)
    names.set(spec.name, `${series}.${number}`)
  }
  const taken = new Set<string>()
  for (const spec of ofKind(false)) {
    const series = `${kindOf(spec)}${numbersOf(spec)[0]}`
    const isFirst = !taken.has(series)
    taken.add(series)
    const number = isFirst ? 0 : (counts.get(series) ?? 0) + 1
    if (!isFirst) counts.set(series, number)
    names.set(spec.name, `${series}.${number}`)
  }
  return names
}

/** What files can lie on: its disk, or its character device. `pmem0` of `namespace0.0`, `pmem0.1` of `namespace0.1`. */
export function diskOf(spec: NamespaceSpec): string {
  const [region, number] = numbersOf(spec)
  if (spec.mode === 'devdax') return `dax${region}.${number}`
  return `pmem${region}${number === 0 ? '' : `.${number}`}${spec.mode === 'sector' ? 's' : ''}`
}
