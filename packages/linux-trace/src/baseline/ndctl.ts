/** `ndctl list` JSON: regions, dimms, namespaces and dax devices as they were when the recording began. */
import { RecordingError } from '../errors.ts'

export interface NdNamespace {
  readonly dev: string
  readonly mode: string | null
  readonly map: string | null
  readonly size: number | null
  readonly uuid: string | null
  readonly sectorSize: number | null
  readonly blockdev: string | null
  readonly chardev: string | null
  readonly disabled: boolean
  readonly region: string | null
  readonly daxDevices: readonly { readonly chardev: string; readonly mode: string | null; readonly disabled: boolean }[]
}

export interface NdListing {
  readonly regions: readonly string[]
  readonly dimms: readonly string[]
  readonly namespaces: readonly NdNamespace[]
}

type Bag = { readonly [key: string]: unknown }

const bags = (value: unknown): Bag[] =>
  (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).filter(
    (v): v is Bag => typeof v === 'object' && v !== null,
  )
const text = (bag: Bag, key: string): string | null => (Object.hasOwn(bag, key) && typeof bag[key] === 'string' ? bag[key] : null)
const size = (bag: Bag, key: string): number | null =>
  Object.hasOwn(bag, key) && Number.isSafeInteger(bag[key]) ? (bag[key] as number) : null

function namespace(ns: Bag, region: string | null): NdNamespace | null {
  const dev = text(ns, 'dev')
  if (dev === null) return null
  const dax = bags(ns['daxregion']).flatMap((r) => bags(r['devices']))
  return {
    dev,
    mode: text(ns, 'mode'),
    map: text(ns, 'map'),
    size: size(ns, 'size'),
    uuid: text(ns, 'uuid'),
    sectorSize: size(ns, 'sector_size'),
    blockdev: text(ns, 'blockdev'),
    chardev: text(ns, 'chardev') ?? dax.map((d) => text(d, 'chardev')).find((c) => c !== null) ?? null,
    disabled: text(ns, 'state') === 'disabled',
    region,
    daxDevices: dax.flatMap((d) => {
      const chardev = text(d, 'chardev')
      return chardev === null ? [] : [{ chardev, mode: text(d, 'mode'), disabled: text(d, 'state') === 'disabled' }]
    }),
  }
}

/** Reads what `ndctl list -vNRDi` printed: an object of arrays, or an array of one kind. @throws RecordingError */
export function parseNdctl(json: string): NdListing {
  if (json.trim() === '') return { regions: [], dimms: [], namespaces: [] }
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    throw new RecordingError(`ndctl.before.json is not JSON: ${(error as Error).message}; record it with "ndctl list -vNRDi"`, {
      cause: error,
    })
  }
  const top = bags(value)
  const regions: string[] = []
  const dimms: string[] = []
  const namespaces: NdNamespace[] = []
  const visit = (bag: Bag, region: string | null): void => {
    for (const d of bags(bag['dimms'])) dimms.push(...[text(d, 'dev')].filter((n) => n !== null))
    for (const r of bags(bag['regions'])) {
      const name = text(r, 'dev')
      if (name !== null) regions.push(name)
      visit(r, name)
    }
    for (const n of bags(bag['namespaces'])) {
      const ns = namespace(n, region)
      if (ns !== null) namespaces.push(ns)
    }
  }
  for (const bag of top) {
    const dev = text(bag, 'dev')
    visit(bag, dev?.startsWith('region') ? dev : null)
    if (dev?.startsWith('namespace')) namespaces.push(...[namespace(bag, null)].filter((n) => n !== null))
    else if (dev?.startsWith('region')) regions.push(dev)
    else if (dev?.startsWith('nmem')) dimms.push(dev)
  }
  return { regions: [...new Set(regions)], dimms: [...new Set(dimms)], namespaces }
}
