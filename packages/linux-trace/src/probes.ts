/**
 * Probes are recognised by what they probe and fetch, not by what the user called them. `known` lists the functions
 * whose probes have a meaning here, each with the words it may fetch; offsets are those of Linux 6.1 on x86-64.
 */

import type { HitShape } from './entries/shape.ts'
import { probesOf } from './record/layout.ts'
import { verifiedKernels } from './record/verified.ts'
import { TextFields } from './text/fields.ts'

/** One function: canonical field name → what fetches it. */
const known: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  __request_region: { parent: '$arg1', start: '$arg2', n: '$arg3', name: '+0($arg4)', flags: '$arg5' },
  __release_region: { parent: '$arg1', start: '$arg2', n: '$arg3' },
  request_resource: resourceArgs(2),
  insert_resource: resourceArgs(2),
  request_resource_conflict: resourceArgs(2),
  insert_resource_conflict: resourceArgs(2),
  release_resource: resourceArgs(1),
  remove_resource: resourceArgs(1),
  memremap_pages: {
    pgmap: '$arg1',
    start: '+136($arg1)',
    end: '+144($arg1)',
    type: '+96($arg1)',
    altbase: '+0($arg1)',
    altend: '+8($arg1)',
    reserve: '+16($arg1)',
    free: '+24($arg1)',
    alloc: '+40($arg1)',
    pgmap_flags: '+100($arg1)',
    vmemmap_shift: '+104($arg1)',
  },
  devm_memremap_pages: { dev: '+0(+0($arg1))', pgmap: '$arg2' },
  memunmap_pages: {
    pgmap: '$arg1',
    start: '+136($arg1)',
    end: '+144($arg1)',
    type: '+96($arg1)',
    pgmap_flags: '+100($arg1)',
    nr_range: '+128($arg1)',
    altbase: '+0($arg1)',
    reserve: '+16($arg1)',
    free: '+24($arg1)',
    alloc: '+40($arg1)',
    percpu_count_ptr: '+48($arg1)',
    count: '+0(+56($arg1))',
  },
  get_dev_pagemap: { pfn: '$arg1', cached: '$arg2' },
  devm_memremap: { dev: '+0(+0($arg1))', offset: '$arg2', size: '$arg3', flags: '$arg4' },
  devm_memunmap: { dev: '+0(+0($arg1))', addr: '$arg2' },
  devres_release_all: { dev: '+0(+0($arg1))' },
  nd_pmem_probe: { dev: '+0(+0($arg1))' },
  pmem_attach_disk: { dev: '+0(+0($arg1))' },
  nd_pmem_remove: { dev: '+0(+0($arg1))' },
  nd_pmem_shutdown: { dev: '+0(+0($arg1))' },
  nd_pfn_probe: { dev: '+0(+0($arg1))' },
  nd_btt_probe: { dev: '+0(+0($arg1))' },
  nd_dax_probe: { dev: '+0(+0($arg1))' },
  nvdimm_setup_pfn: { pgmap: '$arg2' },
  nvdimm_namespace_attach_btt: {},
  nvdimm_namespace_detach_btt: {},
  device_add_disk: { parent: '+0(+0($arg1))', disk: '+12($arg2)' },
  del_gendisk: { disk: '+12($arg1)' },
  blk_freeze_queue_start: { q: '$arg1' },
  really_probe: { dev: '+0(+0($arg1))', drv: '+0(+0($arg2))' },
  device_unbind_cleanup: { dev: '+0(+0($arg1))' },
  dev_pagemap_percpu_release: { ref: '$arg1' },
  blk_queue_usage_counter_release: { ref: '$arg1' },
  blk_mq_freeze_queue_wait: { q: '$arg1' },
  free_zone_device_page: { page: '$arg1', pgmap: '+8($arg1)' },
  try_grab_page: { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', flags: '$arg2', vmemmap: '@vmemmap_base' },
  try_grab_folio: grabArgs(),
  // Other kernels' names of it: 5.10, and 6.12 on.
  try_grab_compound_head: grabArgs(),
  try_grab_folio_fast: grabArgs(),
  put_devmap_managed_page: { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', vmemmap: '@vmemmap_base' },
  __put_devmap_managed_folio_refs: {
    page: '$arg1',
    pgmap: '+8($arg1)',
    refcount: '+52($arg1)',
    refs: '$arg2',
    vmemmap: '@vmemmap_base',
  },
  free_zone_device_folio: { page: '$arg1', pgmap: '+8($arg1)' },
  dax_break_layout: { inode: '$arg1' },
  dax_break_layout_final: { inode: '$arg1' },
  __device_release_driver: { dev: '+0(+0($arg1))' },
  add_disk_fwnode: { parent: '+0(+0($arg1))', disk: '+12($arg2)' },
  __put_devmap_managed_page_refs: { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', refs: '$arg2', vmemmap: '@vmemmap_base' },
  __bio_release_pages: {
    bio: '$arg1',
    vcnt: '+104($arg1)',
    page0: '+0(+112($arg1))',
    len0: '+8(+112($arg1))',
    page1: '+16(+112($arg1))',
    len1: '+24(+112($arg1))',
    page2: '+32(+112($arg1))',
    len2: '+40(+112($arg1))',
    vmemmap: '@vmemmap_base',
  },
  page_cache_pipe_buf_release: { page: '+0($arg2)', refcount: '+52(+0($arg2))', ops: '+16($arg2)', vmemmap: '@vmemmap_base' },
  unpin_user_page: { page: '$arg1', vmemmap: '@vmemmap_base' },
  gup_put_folio: { page: '$arg1', refs: '$arg2', flags: '$arg3', vmemmap: '@vmemmap_base' },
  memmap_init_zone_device: { start_pfn: '$arg2', nr_pages: '$arg3', pgmap: '$arg4' },
  arch_add_memory: { nid: '$arg1', start: '$arg2', size: '$arg3' },
  arch_remove_memory: { start: '$arg1', size: '$arg2' },
  devm_memremap_pages_release: { pgmap: '$arg1' },
  kill_dax: { dax_dev: '$arg1' },
  dax_layout_busy_page_range: { mapping: '$arg1', start: '$arg2', end: '$arg3', vmemmap: '@vmemmap_base' },
  ext4_break_layouts: { inode: '$arg1' },
}

function grabArgs(): Record<string, string> {
  return { page: '$arg1', pgmap: '+8($arg1)', refcount: '+52($arg1)', refs: '$arg2', flags: '$arg3', vmemmap: '@vmemmap_base' }
}

function resourceArgs(n: 1 | 2): Record<string, string> {
  const res = `$arg${n}`
  return {
    ...(n === 2 ? { parent: '$arg1' } : {}),
    res,
    start: `+0(${res})`,
    end: `+8(${res})`,
    name: `+0(+16(${res}))`,
    flags: `+24(${res})`,
  }
}

/** Whether probes of a function have a meaning here. */
export const isKnownFunction = (symbol: string): boolean => Object.hasOwn(known, symbol)

/** A probe as `kprobe_events` defines it. */
export interface ProbeDefinition {
  readonly event: string
  readonly symbol: string
  readonly returns: boolean
  /** The user's field name → canonical name, where what it fetches is known. */
  readonly fields: ReadonlyMap<string, string>
  /** Field names whose fetch is not known. */
  readonly foreign: readonly string[]
}

const REGISTERS: Readonly<Record<string, string>> = {
  '%di': '$arg1',
  '%si': '$arg2',
  '%dx': '$arg3',
  '%cx': '$arg4',
  '%r8': '$arg5',
  '%r9': '$arg6',
  '%ax': '$retval',
  $retval: '$retval',
}

/** A fetch argument without its type, registers as arguments, offsets in decimal. */
function normalise(fetch: string): string {
  const untyped = fetch.replace(/:[a-z]\w*(?:\[\d+\])?$/, '').replace(/^[-+]u/, '+')
  return untyped.replaceAll(/%[a-z]\w*/g, (r) => REGISTERS[r] ?? r).replaceAll(/0x[0-9a-f]+/gi, (h) => String(Number(h)))
}

/** `nd_pmem:nd_pmem_probe+0` → `nd_pmem_probe`; compiler suffixes (`.isra.0`) are dropped. */
export const bareSymbol = (symbol: string): string =>
  symbol
    .replace(/^[^:]+:/, '')
    .replace(/[+].*$/, '')
    .replace(/\.(?:constprop|isra|part|cold).*$/, '')

/** What the probes of the kernels that were checked fetch, by function: `name fetch`. */
let verified: ReadonlyMap<string, ReadonlySet<string>> | null = null

function verifiedFetches(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  for (const { symbol, fetch } of verifiedKernels.flatMap(probesOf)) {
    const fetches = found.get(symbol) ?? new Set()
    found.set(symbol, fetches)
    for (const [, name, what] of fetch.matchAll(/(\w+)=(\S+)/g)) fetches.add(`${name} ${normalise(what!)}`)
  }
  return found
}

/** Whether a checked kernel's probe of a function fetches just this under just this name. */
function isVerified(symbol: string, name: string, fetch: string): boolean {
  verified ??= verifiedFetches()
  return verified.get(symbol)?.has(`${name} ${fetch}`) ?? false
}

/** Reads `kprobe_events`; lines that are no probe definition are left out. */
export function parseProbeDefinitions(text: string): Map<string, ProbeDefinition> {
  const probes = new Map<string, ProbeDefinition>()
  for (const line of text.split(/\r?\n/)) {
    const m = /^([pr])\d*:(?:[^/\s]+\/)?(\S+) (\S+)(.*)$/.exec(line)
    if (m === null) continue
    const symbol = bareSymbol(m[3]!)
    const returns = m[1] === 'r'
    const byFetch = new Map(Object.entries(known[symbol] ?? {}).map(([name, fetch]) => [fetch, name]))
    const fields = new Map<string, string>()
    const foreign: string[] = []
    for (const arg of m[4]!.trim().split(/ +/)) {
      const eq = arg.indexOf('=')
      if (eq <= 0) continue
      const name = arg.slice(0, eq)
      const fetch = normalise(arg.slice(eq + 1))
      const canonical = fetch === '$retval' ? 'ret' : isVerified(symbol, name, fetch) ? name : byFetch.get(fetch)
      if (canonical === undefined) foreign.push(name)
      else fields.set(name, canonical)
    }
    probes.set(m[2]!, { event: m[2]!, symbol, returns, fields, foreign })
  }
  return probes
}

/** Fields without which an entry says nothing that can be followed. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  __request_region: ['parent', 'start', 'n'],
  __release_region: ['parent', 'start', 'n'],
  request_resource: ['parent', 'start', 'end'],
  insert_resource: ['parent', 'start', 'end'],
  request_resource_conflict: ['parent', 'start', 'end'],
  insert_resource_conflict: ['parent', 'start', 'end'],
  release_resource: ['start', 'end'],
  remove_resource: ['start', 'end'],
  memremap_pages: ['pgmap', 'start', 'end'],
  devm_memremap_pages: ['dev', 'pgmap'],
  memunmap_pages: ['pgmap', 'start', 'end'],
  devm_memremap_pages_release: ['pgmap'],
  get_dev_pagemap: ['pfn'],
  devm_memremap: ['dev'],
  devm_memunmap: ['dev'],
  devres_release_all: ['dev'],
  really_probe: ['dev'],
  device_unbind_cleanup: ['dev'],
  nd_pmem_probe: ['dev'],
  nd_pmem_remove: ['dev'],
  nd_pmem_shutdown: ['dev'],
  pmem_attach_disk: ['dev'],
  nd_btt_probe: ['dev'],
  nd_pfn_probe: ['dev'],
  nd_dax_probe: ['dev'],
  device_add_disk: ['parent', 'disk'],
  del_gendisk: ['disk'],
  arch_add_memory: ['start', 'size'],
  arch_remove_memory: ['start', 'size'],
  try_grab_page: ['page', 'flags'],
  try_grab_folio: ['page', 'refs', 'flags'],
  __put_devmap_managed_page_refs: ['page', 'refs'],
  try_grab_compound_head: ['page', 'refs', 'flags'],
  try_grab_folio_fast: ['page', 'refs', 'flags'],
  put_devmap_managed_page: ['page'],
  __put_devmap_managed_folio_refs: ['page', 'refs'],
  __device_release_driver: ['dev'],
  add_disk_fwnode: ['parent', 'disk'],
  __bio_release_pages: ['vcnt', 'page0', 'len0'],
}

/** Fields that a function's entry lacks and cannot do without; a field that faulted is there. */
export function missingFields(hit: Pick<ProbeHit, 'symbol' | 'edge'> & { readonly fields: Pick<Fields, 'has'> }): string[] {
  if (hit.edge === 'return') return []
  return (Object.hasOwn(REQUIRED, hit.symbol) ? REQUIRED[hit.symbol]! : []).filter((name) => !hit.fields.has(name))
}

/** A probe's entry, understood: the function, which edge, canonical fields. */
export interface ProbeHit {
  readonly symbol: string
  readonly edge: 'enter' | 'return'
  /** On a return: the function returned to, where known. */
  readonly caller: string | null
  readonly fields: Fields
  /** The text in parentheses. */
  readonly where: string
}

/** Fields of a probe by canonical name. A value is null where it is missing, faulted or not of that form. */
export interface Fields {
  has(name: string): boolean
  /** As printed. */
  get(name: string): string | undefined
  /** A 64-bit word's halves, the lower first; a negative number wraps. @returns false, with nothing written, when there is none. */
  word(name: string, into: Uint32Array): boolean
  u64(name: string): bigint | null
  /** A signed number that fits a double exactly. */
  int(name: string): number | null
  /** Null also for NULL. */
  pointer(name: string): string | null
  string(name: string): string | null
}

const HIT = /^\(([^()]*(?:\[[^\]]*\][^()]*)?)\)(?: (.*))?$/s
const FIELD = /([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|\(fault\)|\S+)/g

/** Which field of a return probe is what was returned; without a definition it may be called anything: `ret`, `pgmap`, `addr`. */
function nameOfReturned(printed: readonly (readonly [string, string])[], definition: ProbeDefinition | undefined): string | null {
  for (const [name, canonical] of definition?.fields ?? []) if (canonical === 'ret') return name
  if (printed.some(([name]) => name === 'ret')) return 'ret'
  return definition === undefined ? (printed[0]?.[0] ?? null) : null
}

interface ParsedHit extends Omit<ProbeHit, 'fields'> {
  /** Name as printed, canonical name and value of each field. */
  readonly printed: readonly (readonly [name: string, canonical: string, value: string])[]
}

function parsed(event: string, body: string, definitions: ReadonlyMap<string, ProbeDefinition>): ParsedHit | null {
  const m = HIT.exec(body)
  if (m === null) return null
  const where = m[1]!
  const arrow = where.indexOf(' <- ')
  const definition = definitions.get(event)
  const symbol = bareSymbol(arrow >= 0 ? where.slice(arrow + 4) : where)
  const printed = [...(m[2] ?? '').matchAll(FIELD)].map(([, name, value]) => [name!, value!] as const)
  const returned = arrow >= 0 ? nameOfReturned(printed, definition) : null
  return {
    symbol: definition?.symbol ?? symbol,
    edge: arrow >= 0 ? 'return' : 'enter',
    caller: arrow >= 0 ? bareSymbol(where.slice(0, arrow)) : null,
    where,
    printed: printed.map(([name, value]) => [name, name === returned ? 'ret' : (definition?.fields.get(name) ?? name), value]),
  }
}

/** Understands the body of a kprobe or kretprobe entry; null when it has not the form of one. */
export function parseHit(event: string, body: string, definitions: ReadonlyMap<string, ProbeDefinition>): ProbeHit | null {
  const hit = parsed(event, body, definitions)
  if (hit === null) return null
  const { printed, ...rest } = hit
  const fields = new Map<string, string>()
  for (const [, canonical, value] of printed) fields.set(canonical, value.startsWith('"') ? value.slice(1, -1) : value)
  return { ...rest, fields: new TextFields(fields) }
}

/** What all entries like this one have in common; null when it has not the form of a hit, or says something twice. */
export function hitShape(event: string, body: string, definitions: ReadonlyMap<string, ProbeDefinition>): HitShape | null {
  const hit = parsed(event, body, definitions)
  if (hit === null) return null
  const { printed, ...rest } = hit
  const names = printed.map(([, canonical]) => canonical)
  if (new Set(names).size < names.length) return null
  return { ...rest, event, printed: printed.map(([name]) => name), names }
}
