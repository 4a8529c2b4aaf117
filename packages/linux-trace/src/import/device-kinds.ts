/** What a device's name and driver tell of its kind and bus. */

const NAMES: readonly (readonly [RegExp, string, string | null])[] = [
  [/^namespace\d+\.\d+$/, 'nd-namespace', 'nd'],
  [/^pfn\d+\.\d+$/, 'nd-pfn', 'nd'],
  [/^btt\d+\.\d+$/, 'nd-btt', 'nd'],
  [/^region\d+$/, 'nd-region', 'nd'],
  [/^nmem\d+$/, 'nd-dimm', 'nd'],
  [/^ndbus\d+$/, 'nd-bus', 'nd'],
  [/^mapping\d+$/, 'dax-mapping', null],
  [/^\d+:\d+$/, 'bdi', 'bdi'],
  [/^pmem\d+(?:\.\d+)?s?$/, 'block', 'block'],
  [/^memory\d+$/, 'memory', 'memory'],
]

const DRIVERS: Readonly<Record<string, string>> = {
  nd_pmem: 'nd',
  nd_blk: 'nd',
  dax_pmem: 'nd',
  dax_pmem_compat: 'nd',
  nd_region: 'nd',
  nvdimm: 'nd',
  device_dax: 'dax',
  kmem: 'dax',
  dax_hmem: 'platform',
}

const DAX = /^dax\d+\.\d+$/

/** The bus of a driver; null when it is not known here. */
export const busOfDriver = (driver: string | null): string | null => (driver === null ? null : (DRIVERS[driver] ?? null))

/** The bus a name belongs to; null when several have such names (`dax0.0` lives on nd and on dax). */
export function busOfName(name: string): string | null {
  return NAMES.find(([re]) => re.test(name))?.[2] ?? null
}

/** The kind of a device; null when its name alone cannot tell and its bus is not known. */
export function kindOf(name: string, bus: string | null): string | null {
  if (DAX.test(name)) return bus === 'nd' ? 'nd-dax' : bus === 'dax' ? 'dax' : null
  return NAMES.find(([re]) => re.test(name))?.[1] ?? 'other'
}

/** Whether several devices of one name may live at once under this name. */
export const isSharedName = (name: string): boolean => DAX.test(name)
