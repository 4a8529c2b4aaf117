/**
 * Events that several buffers of one trace.dat recorded: one event, told once.
 *
 * The kernel writes an event into one instance's buffer after the other, before the task does anything else: on its CPU, in its
 * context (task, or an interrupt within it), nothing is recorded in between. So a record is a twin when another buffer has the same,
 * and nothing else of that context lies between the two.
 */
import type { CpuRecords } from './cpu-records.ts'
import type { EventFormat, FormatField } from './format.ts'

interface Hit {
  readonly id: number
  /** What follows the fields that all events have. */
  readonly data: Uint8Array
  readonly seenBy: Set<number>
  readonly time: number
  /** Time of the next event of its context: it has no twins later than that. */
  closed: number
}

/** Hardirq, softirq and NMI: what interrupts a task records events of its own. */
const INTERRUPTS = 0x08 | 0x10 | 0x40
/** So many contexts are remembered; past that, those of long ago are forgotten. */
const CONTEXTS_MAX = 1 << 16
/** After so long, in nanoseconds or ticks, no twin comes. */
const LONG = 1e10

export interface RecordHead {
  readonly id: number
  readonly flags: number
  readonly pid: number
  /** Where in the record its own fields begin. */
  readonly data: number
  /** Null when the file has none of this event. */
  readonly format: EventFormat | null
}

const shownFields = new WeakMap<EventFormat, readonly FormatField[]>()

/** The fields that the kernel prints of an event. Others need not be filled in: `dev` of devres_log never is. */
function shown(format: EventFormat): readonly FormatField[] {
  let fields = shownFields.get(format)
  if (fields === undefined) {
    const named = new Set([...format.print.matchAll(/REC->(\w+)|__get_\w+\((\w+)/g)].map(([, plain, dynamic]) => plain ?? dynamic))
    fields = [...format.fields.values()].filter(({ name }) => named.size === 0 || named.has(name))
    shownFields.set(format, fields)
  }
  return fields
}

/** What a record says of its own, and nothing of what lies between: there the kernel leaves whatever was there before. */
function dataOf({ bytes, view, start, length }: CpuRecords, { data: from, format }: RecordHead, little: boolean): Uint8Array {
  if (format === null) return bytes.slice(start + Math.min(from, length), start + length)
  const data = new Uint8Array(Math.max(0, length - from))
  const copy = (at: number, size: number, isText: boolean): void => {
    if (at < from || at >= length) return
    const part = bytes.subarray(start + at, start + Math.min(at + size, length))
    const end = isText ? part.indexOf(0) : -1
    data.set(end < 0 ? part : part.subarray(0, end), at - from)
  }
  for (const { offset, size, place, type } of shown(format)) {
    if (offset < from) continue
    // A field without a size goes on to the end of the record.
    copy(offset, size === 0 ? length : size, place === 'here' && type === 'char')
    if (place === 'here' || offset + 4 > length) continue
    const where = view.getUint32(start + offset, little)
    copy((where & 0xffff) + (place === 'rel_loc' ? offset + 4 : 0), where >>> 16, type.endsWith('char[]'))
  }
  return data
}

export class Twins {
  /** By CPU; by task and what interrupted it. */
  readonly #contexts = new Map<number, Map<number, Hit[]>>()
  readonly #little: boolean
  #size = 0
  #sizeMax = CONTEXTS_MAX

  constructor(little: boolean) {
    this.#little = little
  }

  /** Whether this record, of the buffer of this number, tells what another buffer's told already. Records come in the order of their times. */
  isTwin(from: CpuRecords, buffer: number, head: RecordHead): boolean {
    const { cpu, time } = from
    const { id, flags, pid } = head
    const data = dataOf(from, head, this.#little)
    let contexts = this.#contexts.get(cpu)
    if (contexts === undefined) this.#contexts.set(cpu, (contexts = new Map()))
    const key = pid * 128 + (flags & INTERRUPTS)
    let hits = contexts.get(key)
    if (hits === undefined) {
      contexts.set(key, (hits = []))
      if (++this.#size > this.#sizeMax) this.#forgetBefore(time - LONG)
    }
    while (hits.length > 0 && hits[0]!.closed < time) hits.shift()
    const after = hits.findLastIndex(({ seenBy }) => seenBy.has(buffer))
    for (let i = after + 1; i < hits.length; i++) {
      const hit = hits[i]!
      if (hit.id !== id || !isSame(hit.data, data)) continue
      hit.seenBy.add(buffer)
      return true
    }
    for (const hit of hits) hit.closed = Math.min(hit.closed, time)
    hits.push({ id, data, seenBy: new Set([buffer]), time, closed: Infinity })
    return false
  }

  #forgetBefore(time: number): void {
    for (const contexts of this.#contexts.values()) {
      for (const [key, hits] of contexts) {
        if (hits.every((hit) => hit.time < time)) contexts.delete(key)
      }
    }
    this.#size = [...this.#contexts.values()].reduce((sum, { size }) => sum + size, 0)
    this.#sizeMax = Math.max(CONTEXTS_MAX, this.#size * 2)
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
