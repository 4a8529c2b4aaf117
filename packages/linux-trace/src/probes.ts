/** Definitions of probes, and their hits as text. Probes are recognised by what they probe and fetch, not by what the user called them. */
import type { HitShape } from './entries/shape.ts'
import { knownFetches } from './known-probes.ts'
import type { ProbeHit } from './probe-hit.ts'
import { probesOf } from './record/layout.ts'
import { verifiedKernels } from './record/verified.ts'
import { TextFields } from './text/fields.ts'

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
    const byFetch = new Map(Object.entries(knownFetches(symbol)).map(([name, fetch]) => [fetch, name]))
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
