/** What a kernel's type information says of everything that the probes fetch. */
import type { Btf } from '../btf/btf.ts'
import { RecordingError } from '../errors.ts'
import { catalogue, ESSENTIAL, type ProbeTemplate } from './catalogue.ts'

export interface Layout {
  /** Where members lie, in bytes; those that there are. Also sizes of structures, by their names alone. */
  readonly offsets: Readonly<Record<string, number>>
  /** Names of the parameters of the functions that are described. */
  readonly parameters: Readonly<Record<string, readonly string[]>>
}

const PLACE = /\{([^}]+)\}/g

/** The members that a fetch names: `a.b|c.d` are alternatives, `a.b+2*s` is one of an array of `s`. */
export const membersOf = (fetch: string): string[] => [...fetch.matchAll(PLACE)].flatMap(([, what]) => what!.split(/\||\+\d+\*/))

/** Structures whose members have no place of their own in {@link catalogue}'s arithmetic but are relied on: a page is 64 bytes. */
export const STRUCT_PAGE_BYTES = 64

/**
 * Reads a layout out of a kernel's BTF.
 * @throws RecordingError that names what is missing: a kernel of which this much is not known cannot be recorded.
 */
export function layoutOf(btf: Btf): Layout {
  const offsets: Record<string, number> = {}
  const parameters: Record<string, readonly string[]> = {}
  for (const { symbol, fetch } of catalogue) {
    const names = btf.parameters(symbol)
    if (names !== null) parameters[symbol] = names
    for (const path of Object.values(fetch).flatMap(membersOf)) {
      const place = btf.member(path)
      if (place === null) continue
      offsets[path] = path.includes('.') ? place.offset : (place.size ?? 0)
    }
  }
  const missing = [
    ...ESSENTIAL.filter((symbol) => parameters[symbol] === undefined).map((symbol) => `the function ${symbol}`),
    ...['device.kobj.name', 'dev_pagemap.range.start', 'dev_pagemap.type', 'page._refcount', 'resource.start'].filter(
      (path) => offsets[path] === undefined,
    ),
  ]
  const pageBytes = btf.sizeOf('page')
  if (missing.length > 0)
    throw new RecordingError(
      `this BTF does not describe ${missing.join(', ')}: it is not of a kernel with device memory (CONFIG_ZONE_DEVICE), or of one too old or too new to be recorded`,
    )
  if (pageBytes !== STRUCT_PAGE_BYTES)
    throw new RecordingError(
      `a struct page of this kernel has ${pageBytes ?? 'an unknown number of'} bytes; only kernels where it has ${STRUCT_PAGE_BYTES} can be recorded`,
    )
  return { offsets, parameters }
}

/** A probe as tracefs takes it. */
export interface Probe {
  readonly event: string
  readonly symbol: string
  readonly module: string | null
  readonly isReturn: boolean
  /** What follows the symbol. */
  readonly fetch: string
  /** Fields that this kernel has not. */
  readonly without: readonly string[]
}

function argument({ symbol }: ProbeTemplate, { parameters }: Layout, names: string): string | null {
  if (/^arg\d+$/.test(names)) return `$${names}`
  const known = parameters[symbol]
  for (const name of names.split('|')) {
    const index = known?.indexOf(name) ?? -1
    if (index >= 0) return `$arg${index + 1}`
  }
  return null
}

function offset({ offsets }: Layout, what: string): number | null {
  for (const alternative of what.split('|')) {
    const [path, times, struct] = alternative.split(/[+*]/)
    const base = offsets[path!]
    const size = struct === undefined ? 0 : offsets[struct]
    if (base !== undefined && size !== undefined) return base + Number(times ?? 0) * size
  }
  return null
}

/** A fetch as tracefs takes it; null where this kernel has not what it names. */
function fetchText(template: ProbeTemplate, layout: Layout, fetch: string): string | null {
  let isWhole = true
  const text = fetch
    .replace(PLACE, (_, what: string) => {
      const at = offset(layout, what)
      if (at === null) isWhole = false
      return String(at)
    })
    .replace(/\$([a-z_]\w*(?:\|[a-z_]\w*)*)/g, (_, names: string) => {
      const arg = argument(template, layout, names)
      if (arg === null) isWhole = false
      return String(arg)
    })
  return isWhole ? text : null
}

/** Whether a function is described, or a member there. */
const has = ({ offsets, parameters }: Layout, what: string): boolean =>
  what.endsWith('()') ? parameters[what.slice(0, -2)] !== undefined : offsets[what] !== undefined

/** The probes that a kernel of this layout can have. Functions of modules are not described by the kernel's own BTF: their first parameter is relied on. */
export function probesOf(layout: Layout): Probe[] {
  return catalogue.flatMap((template) => {
    const { event, symbol, module = null, fetch, returns, only, unless } = template
    if ((only !== undefined && !has(layout, only)) || (unless !== undefined && has(layout, unless))) return []
    if (module === null && layout.parameters[symbol] === undefined) return []
    const known = module === null ? layout : { ...layout, parameters: { ...MODULE_PARAMETERS, ...layout.parameters } }
    const without: string[] = []
    const fields = Object.entries(fetch).flatMap(([name, text]) => {
      const fetched = fetchText(template, known, text)
      if (fetched === null) without.push(name)
      return fetched === null ? [] : [`${name}=${fetched}`]
    })
    const enter: Probe = { event, symbol, module, isReturn: false, fetch: fields.join(' '), without }
    if (returns === undefined) return [enter]
    return [
      enter,
      { event: `${event}_ret`, symbol, module, isReturn: true, fetch: returns === 'void' ? '' : `ret=$retval:${returns}`, without: [] },
    ]
  })
}

/** Parameters of functions in modules, which have been the same in every kernel that has them. */
const MODULE_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  nd_pmem_probe: ['dev'],
  pmem_attach_disk: ['dev'],
  nd_pmem_remove: ['dev'],
  nd_pmem_shutdown: ['dev'],
  nd_pfn_probe: ['dev'],
  nd_btt_probe: ['dev'],
  nd_dax_probe: ['dev'],
  nvdimm_setup_pfn: ['nd_pfn', 'pgmap'],
}
