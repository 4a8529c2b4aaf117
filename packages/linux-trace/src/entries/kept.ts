/**
 * Entries without effect, kept as they came: items one after the other, each with a head of little-endian words and the
 * entry's own bytes, padded to a multiple of four.
 *
 *     kind | bytes << 3, entry (low, high)                                                            TEXT, ENTRY
 *     kind | bytes << 3, entry (low, high), time (low, high), task, context, CPU, format              RECORD
 *     kind | bytes << 3, number (low, high)                                                           TASK, CONTEXT, FORMAT
 *
 * The last three say, as JSON, what records refer to by number. An item stands alone, or behind those that it refers to.
 */
import type { Actor } from '@devtrail/events'
import { parseEntry, type TraceEntry } from '../text/entry.ts'

/** A line of a text trace. */
export const TEXT = 0
/** An entry as JSON. */
export const ENTRY = 1
/** A record of a trace.dat. */
export const RECORD = 2
export const TASK = 3
export const CONTEXT = 4
export const FORMAT = 5

export const HEAD_BYTES = 12
export const RECORD_HEAD_BYTES = 36
const KIND_BITS = 3
const KIND_MASK = 7

/** An entry that has no effect, with all its fields. */
export interface KeptEntry {
  readonly entry: number
  readonly [field: string]: unknown
}

/** What the records of a format mean: its event, and the format as tracefs prints it. */
export interface KeptFormat {
  readonly event: string
  readonly format: string
}

export const fieldsOf = ({ comm, pid, cpu, context, time, event, body }: TraceEntry): Omit<KeptEntry, 'entry'> => ({
  comm,
  pid,
  cpu,
  context,
  time,
  event,
  body,
})

const decoder = new TextDecoder()
const word = (view: DataView, at: number): number => view.getUint32(at, true)
const double = (view: DataView, at: number): number => word(view, at + 4) * 2 ** 32 + word(view, at)

const broken = (what: string): Error => new Error(`entries without effect that no import wrote: ${what}`)

/** Reads what an import handed out, piece by piece, from its beginning. */
export class KeptReader {
  readonly #tasks = new Map<number, Actor>()
  readonly #contexts = new Map<number, string>()
  readonly #formats = new Map<number, KeptFormat>()
  /** Formats that a record was read of: the first tells its format. */
  readonly #told = new Set<number>()
  #rest: Uint8Array = new Uint8Array(0)

  /** @throws Error when the last entry is cut. */
  end(): void {
    if (this.#rest.length > 0) throw broken(`the last is cut after ${this.#rest.length} bytes`)
  }

  /** The entries that end in the next bytes. @throws Error when no import wrote these. */
  *read(bytes: Uint8Array): Generator<KeptEntry> {
    const all = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes)
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength)
    let at = 0
    while (at + HEAD_BYTES <= all.length) {
      const kind = word(view, at) & KIND_MASK
      const length = word(view, at) >>> KIND_BITS
      const from = at + (kind === RECORD ? RECORD_HEAD_BYTES : HEAD_BYTES)
      const end = from + ((length + 3) & ~3)
      if (end > all.length) break
      const entry = this.#item(kind, view, at, all.subarray(from, from + length))
      if (entry !== null) yield entry
      at = end
    }
    this.#rest = all.slice(at)
  }

  #item(kind: number, view: DataView, at: number, body: Uint8Array): KeptEntry | null {
    const number = double(view, at + 4)
    switch (kind) {
      case TEXT:
        return textEntry(number, decoder.decode(body))
      case ENTRY:
        return { entry: number, ...(JSON.parse(decoder.decode(body)) as object) }
      case RECORD:
        return this.#record(number, view, at, body)
      case TASK:
        this.#tasks.set(number, JSON.parse(decoder.decode(body)) as Actor)
        return null
      case CONTEXT:
        this.#contexts.set(number, JSON.parse(decoder.decode(body)) as string)
        return null
      case FORMAT:
        this.#formats.set(number, JSON.parse(decoder.decode(body)) as KeptFormat)
        return null
      default:
        throw broken(`kind ${kind}`)
    }
  }

  #record(entry: number, view: DataView, at: number, body: Uint8Array): KeptEntry {
    const id = word(view, at + 32)
    const task = this.#tasks.get(word(view, at + 20))
    const context = this.#contexts.get(word(view, at + 24))
    const format = this.#formats.get(id)
    if (task === undefined || context === undefined || format === undefined) throw broken(`entry ${entry} refers to what is not there`)
    const told = this.#told.has(id) ? {} : { format: format.format }
    this.#told.add(id)
    const { comm, pid } = task
    const { event } = format
    const record = Array.from(body, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return { entry, comm, pid, cpu: word(view, at + 28), context, time: double(view, at + 12), event, ...told, record }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

function textEntry(entry: number, text: string): KeptEntry {
  const parsed = parseEntry(text, entry, 0)
  if (parsed === null) throw broken(`entry ${entry} is not a line of a trace: ${text}`)
  return { entry, ...fieldsOf(parsed) }
}
