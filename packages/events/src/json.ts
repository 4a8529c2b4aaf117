import { Vocabulary } from './declare.ts'
import type { AnyEvent } from './envelope.ts'
import type { Field } from './field.ts'
import { HOSTS_MAX } from './host.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** `0x` and lower-case hex; a negative number is printed as its 64-bit two's complement. */
export function hex(value: number | bigint): string {
  const big = typeof value === 'bigint' ? value : BigInt(value)
  return `0x${BigInt.asUintN(64, big).toString(16)}`
}

/** The last time a log can hold: 73 years after its epoch. */
const TIME_NS_MAX = 2 ** 61

/** To the nearest microsecond: beyond 2^53 a number is exact to no more. */
const wholeMicroseconds = (ns: bigint): bigint => ((ns + (ns < 0n ? -500n : 500n)) / 1000n) * 1000n

/** Decimal seconds with microseconds (`"9.396738"`), or nanoseconds with `digits` 9. Rounds, as ftrace does (`ns2usecs`). */
export function seconds(ns: number | bigint, digits: 6 | 9 = 6): string {
  const isCoarse = digits === 6 || (typeof ns === 'number' && Math.abs(ns) > Number.MAX_SAFE_INTEGER)
  const big = isCoarse ? wholeMicroseconds(BigInt(ns)) : BigInt(ns)
  const sign = big < 0n ? '-' : ''
  const abs = big < 0n ? -big : big
  const frac = (abs % 1_000_000_000n).toString().padStart(9, '0').slice(0, digits)
  return `${sign}${abs / 1_000_000_000n}.${frac}`
}

function fieldToJson(field: Field, value: unknown, digits: 6 | 9): Json {
  if (value === null || value === undefined) return null
  switch (field.kind) {
    case 'u64':
      return hex(value as bigint)
    case 'pfn':
    case 'flags':
      return hex(value as number)
    case 'time':
      return seconds(value as number, digits)
    default:
      return value as Json
  }
}

function fieldFromJson(type: string, name: string, field: Field, value: unknown): unknown {
  if (value === null || value === undefined) {
    if (field.optional) return null
    throw new TypeError(`${type}: field "${name}" is missing`)
  }
  const wrong = (expected: string): TypeError =>
    new TypeError(`${type}: field "${name}" should be ${expected}, found ${JSON.stringify(value)}`)
  switch (field.kind) {
    case 'u64':
      if (typeof value !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(value)) throw wrong('a 64-bit hex string')
      return BigInt(value)
    case 'pfn':
    case 'flags': {
      if (typeof value !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(value)) throw wrong('a hex string')
      const n = Number(BigInt.asIntN(64, BigInt(value)))
      if (!Number.isSafeInteger(n)) throw wrong('a hex string below 2^53')
      return n
    }
    case 'time': {
      if (typeof value !== 'string' || !/^-?\d+\.\d{1,9}$/.test(value)) throw wrong('decimal seconds')
      return timeFromJson(value, wrong)
    }
    case 'bool':
      if (typeof value !== 'boolean') throw wrong('true or false')
      return value
    case 'enum':
      if (typeof value !== 'string' || !field.values!.includes(value)) throw wrong(`one of ${field.values!.join(', ')}`)
      return value
    case 'string':
    case 'text':
    case 'pointer':
      if (typeof value !== 'string') throw wrong('a string')
      return value
    default:
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrong('a whole number')
      return value
  }
}

function timeFromJson(value: unknown, wrong: (expected: string) => TypeError): number {
  try {
    return nanoseconds(String(value))
  } catch {
    throw wrong('decimal seconds below 2^61 ns')
  }
}

/**
 * Decimal seconds to nanoseconds. Exact to 2^53 ns (104 days), to the microsecond beyond, as clocks that count from boot
 * get there. @throws RangeError past 2^61 ns (73 years).
 */
export function nanoseconds(text: string): number {
  const m = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text)
  if (m === null) throw new RangeError(`"${text}" is not a time in decimal seconds`)
  const ns = Number(m[2]) * 1e9 + Number((m[3] ?? '').padEnd(9, '0'))
  if (ns > TIME_NS_MAX) throw new RangeError(`time ${text} s is past what a log can hold (2^61 ns after its epoch)`)
  return m[1] ? -ns : ns
}

/** An event's `data` in its JSON form, following its declaration. */
export function dataToJson(vocabulary: Vocabulary, type: string, data: object, digits: 6 | 9 = 6): { [field: string]: Json } {
  const out: { [field: string]: Json } = {}
  for (const [name, field] of Object.entries(vocabulary.get(type).fields)) {
    out[name] = fieldToJson(field, (data as Record<string, unknown>)[name], digits)
  }
  return out
}

/** The stored JSON form: lossless, versioned. */
export function eventToJson(vocabulary: Vocabulary, event: AnyEvent): { [field: string]: Json } {
  const { seq, entry, time, device, cpu, actor, cause, context, source, where, inferred, host, unordered, type, data } = event
  return {
    seq,
    ...(entry === null ? {} : { entry }),
    time: seconds(time, 9),
    type,
    v: vocabulary.get(type).version,
    ...(device === null ? {} : { device }),
    ...(cpu === null ? {} : { cpu }),
    ...(actor === null ? {} : { actor: { pid: actor.pid, comm: actor.comm } }),
    ...(cause.length === 0 ? {} : { cause: [...cause] }),
    ...(context === undefined ? {} : { context }),
    ...(source === undefined ? {} : { source }),
    ...(where === undefined ? {} : { where }),
    ...(inferred ? { inferred: true } : {}),
    ...(host === undefined ? {} : { host }),
    ...(unordered ? { unordered: true } : {}),
    data: dataToJson(vocabulary, type, data, 9),
  }
}

/**
 * The event back from its stored JSON form; data of an older version is upcast.
 * @throws TypeError with the type and field when the value is not of its kind; Error when the type is not known or newer.
 */
export function eventFromJson(vocabulary: Vocabulary, json: unknown): AnyEvent {
  if (typeof json !== 'object' || json === null) throw new TypeError('an event should be a JSON object')
  const j = json as Record<string, unknown>
  const type = String(j['type'])
  const d = vocabulary.get(type)
  let raw = (j['data'] ?? {}) as Record<string, unknown>
  const version = typeof j['v'] === 'number' ? j['v'] : 1
  if (version > d.version) throw new Error(`${type} is version ${version}; this devtrail knows up to ${d.version}: use a newer one`)
  for (let v = version; v < d.version; v++) {
    const upcast = d.upcasts?.[v]
    if (upcast === undefined) throw new Error(`${type} has no upcast from version ${v}`)
    raw = upcast(raw)
  }
  const data: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(d.fields))
    data[name] = fieldFromJson(type, name, field, Object.hasOwn(raw, name) ? raw[name] : null)
  const whole = (name: string): number | null => {
    const v = j[name]
    if (v === undefined || v === null) return null
    if (typeof v !== 'number' || !Number.isSafeInteger(v))
      throw new TypeError(`${type}: "${name}" should be a whole number, found ${JSON.stringify(v)}`)
    return v
  }
  const seq = whole('seq')
  if (seq === null || seq < 0) throw new TypeError(`${type}: an event needs a sequence number`)
  const wrongTime = (expected: string): TypeError =>
    new TypeError(`${type}: "time" should be ${expected}, found ${JSON.stringify(j['time'])}`)
  const host = whole('host')
  if (host !== null && !(host >= 1 && host <= HOSTS_MAX))
    throw new TypeError(`${type}: "host" should be from 1 to ${HOSTS_MAX}, found ${host}`)
  const actor = j['actor'] as { pid?: unknown; comm?: unknown } | undefined
  return {
    seq,
    entry: whole('entry'),
    time: timeFromJson(j['time'], wrongTime),
    device: whole('device'),
    cpu: whole('cpu'),
    actor: actor && typeof actor.pid === 'number' ? { pid: actor.pid, comm: String(actor.comm) } : null,
    cause: Array.isArray(j['cause']) ? (j['cause'] as unknown[]).filter((c): c is number => typeof c === 'number') : [],
    ...(typeof j['context'] === 'string' ? { context: j['context'] } : {}),
    ...(typeof j['source'] === 'string' ? { source: j['source'] } : {}),
    ...(typeof j['where'] === 'string' ? { where: j['where'] } : {}),
    ...(j['inferred'] === true ? { inferred: true as const } : {}),
    ...(host === null ? {} : { host }),
    ...(j['unordered'] === true ? { unordered: true as const } : {}),
    type,
    data,
  }
}
