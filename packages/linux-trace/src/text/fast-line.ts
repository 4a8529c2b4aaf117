/**
 * Lines of a text trace straight from bytes to columns: hits of probes that print numbers only, and tracepoints that
 * change nothing. Whatever is unusual about a line is left to `parseEntry` and `parseHit`, which tell the same of it.
 */
import { KeptCount, type BatchBuilder } from '../entries/batch.ts'
import { SLOTS_MAX } from '../entries/shape.ts'
import { NEAR_SECONDS } from '../epoch.ts'
import { hitShape, type ProbeDefinition } from '../probes.ts'
import { ByteTable, isAt } from './byte-table.ts'
import { isSpecial } from './special.ts'

const SPACE = 32
const PAREN = 40
const PAREN_END = 41
const MINUS = 45
const ZERO = 48
const COLON = 58
/** Tasks, contexts, events and shapes are numbered up to so many each; entries of any more are read one by one. */
const NAMES_MAX = 1 << 16
/** TASK_COMM_LEN, without the NUL; what is longer is looked at closely. */
const COMM_BYTES_MAX = 15
/** Places that one event's probe may stand at. */
const SHAPES_MAX = 64

const decoder = new TextDecoder()
const encoder = new TextEncoder()

interface KnownEvent {
  readonly name: string
  /** Counts its entries, which change nothing; null when it is a probe's, or special. */
  readonly kept: KeptCount | null
  /** The shapes its entries had; null when they are to be read one by one. */
  readonly shapes: KnownShape[] | null
}

interface KnownShape {
  /** `(where)`. */
  readonly where: Uint8Array
  /** ` name=` of each field. */
  readonly fields: readonly Uint8Array[]
  readonly id: number
}

/** No blank of any kind, nor part of a character of several bytes. */
const isVisible = (byte: number): boolean => byte > SPACE && byte <= 126
const VISIBLE = /^[!-~]+$/

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= 57

export class FastLines {
  readonly #out: BatchBuilder
  readonly #definitions: ReadonlyMap<string, ProbeDefinition>
  readonly #tasks = new ByteTable<number>()
  readonly #contexts = new ByteTable<number>()
  readonly #events = new ByteTable<KnownEvent>()
  #shapes = 0
  // What was read of the hit at hand.
  #shape = 0
  #form = 0
  #count = 0
  /** The time of the entry taken last, in nanoseconds. */
  time = 0
  cpu = 0
  /** What times are counted from, in seconds. */
  epoch = 0

  constructor(out: BatchBuilder, definitions: ReadonlyMap<string, ProbeDefinition>) {
    this.#out = out
    this.#definitions = definitions
  }

  /** Takes a line in as the entry `number`. @returns false, with nothing taken, when it has to be looked at closely. */
  take(bytes: Uint8Array, from: number, to: number, number: number, line: number): boolean {
    let at = from
    while (at < to && bytes[at] === SPACE) at++
    const task = at
    // The first bracket there is: what stands before it must be a task, what stands in it a CPU.
    while (at < to && bytes[at] !== 91) at++
    let end = at
    while (end > task && bytes[end - 1] === SPACE) end--
    if (end === at || at + 5 >= to || !isTask(bytes, task, end)) return false
    let cpu = 0
    const firstDigit = ++at
    while (at < to && isDigit(bytes[at]!)) cpu = cpu * 10 + bytes[at++]! - ZERO
    if (at - firstDigit < 3 || at - firstDigit > 5 || bytes[at++] !== 93) return false
    if (bytes[at] !== SPACE) return false
    while (at < to && bytes[at] === SPACE) at++
    const context = at
    let contextEnd = at
    if (at < to && !isDigit(bytes[at]!)) {
      while (at < to && bytes[at] !== SPACE) if (!isVisible(bytes[at++]!)) return false
      contextEnd = at
      if (contextEnd - context < 4 || contextEnd - context > 6 || at === to) return false
      while (at < to && bytes[at] === SPACE) at++
    }
    let seconds = 0
    const firstSecond = at
    while (at < to && isDigit(bytes[at]!)) seconds = seconds * 10 + bytes[at++]! - ZERO
    if (at === firstSecond || at - firstSecond > 10 || bytes[at++] !== 46) return false
    seconds -= this.epoch
    if (seconds < 0 || seconds >= NEAR_SECONDS) return false
    let fraction = 0
    const firstFraction = at
    while (at < to && isDigit(bytes[at]!)) fraction = fraction * 10 + bytes[at++]! - ZERO
    if (at - firstFraction !== 6 || at + 2 >= to || bytes[at] !== COLON || bytes[at + 1] !== SPACE) return false
    at += 2
    const event = at
    while (at < to && bytes[at] !== COLON && bytes[at] !== SPACE) at++
    if (at === event || at + 2 > to || bytes[at] !== COLON || bytes[at + 1] !== SPACE || contextEnd === context) return false
    const known = this.#events.find(bytes, event, at) ?? this.#addEvent(bytes, event, at)
    if (known === null) return false
    at += 2
    const time = seconds * 1_000_000_000 + fraction * 1000
    if (bytes[at] === PAREN) {
      if (known.shapes === null || !this.#hit(bytes, known, at, to)) return false
      const by = this.#tasks.find(bytes, task, end) ?? this.#addTask(bytes, task, end)
      const how = this.#contexts.find(bytes, context, contextEnd) ?? this.#addContext(bytes, context, contextEnd)
      if (by < 0 || how < 0) return false
      this.#out.hit(number, line, time, cpu, by, how, this.#shape, this.#form, this.#count)
    } else {
      if (known.kept === null || !isPrintable(bytes, task, end)) return false
      this.#out.kept.text(number, bytes, from, to)
      this.#out.countKept(known.kept)
    }
    this.time = time
    this.cpu = cpu
    return true
  }

  /** Reads a hit's fields into the columns. */
  #hit(bytes: Uint8Array, known: KnownEvent, from: number, to: number): boolean {
    let close = from + 1
    while (close < to && bytes[close] !== PAREN_END && bytes[close] !== PAREN) close++
    if (close === to || bytes[close] !== PAREN_END) return false
    close++
    for (const shape of known.shapes!) {
      if (isAt(shape.where, bytes, from, close)) return this.#fields(bytes, shape, close, to)
    }
    const shape = this.#addShape(bytes, known, from, close, to)
    return shape !== null && this.#fields(bytes, shape, close, to)
  }

  #fields(bytes: Uint8Array, { fields, id }: KnownShape, at: number, to: number): boolean {
    let word = this.#out.reserve(fields.length)
    const { words } = this.#out
    let form = 0
    for (let i = 0; i < fields.length; i++) {
      const name = fields[i]!
      if (!isAt(name, bytes, at, at + name.length)) return false
      at += name.length
      if (bytes[at] === ZERO && bytes[at + 1] === 120) {
        const first = (at += 2)
        let low = 0
        let high = 0
        for (; at < to; at++) {
          const byte = bytes[at]!
          const digit = byte >= ZERO && byte <= 57 ? byte - ZERO : byte >= 97 && byte <= 102 ? byte - 87 : -1
          if (digit < 0) break
          high = (high << 4) | (low >>> 28)
          low = (low << 4) | digit
        }
        const digits = at - first
        if (digits === 0 || digits > 16 || (digits > 1 && bytes[first] === ZERO)) return false
        words[word++] = low
        words[word++] = high
        form |= 1 << i
      } else {
        const isNegative = bytes[at] === MINUS
        if (isNegative) at++
        const first = at
        let value = 0
        while (at < to && isDigit(bytes[at]!)) value = value * 10 + bytes[at++]! - ZERO
        const digits = at - first
        if (digits === 0 || digits > 15 || (bytes[first] === ZERO && (digits > 1 || isNegative))) return false
        if (isNegative) {
          form |= 1 << (16 + i)
          value = -value
        }
        words[word++] = value
        words[word++] = Math.floor(value / 2 ** 32)
      }
    }
    this.#shape = id
    this.#form = form >>> 0
    this.#count = fields.length
    return at === to
  }

  #addShape(bytes: Uint8Array, known: KnownEvent, from: number, close: number, to: number): KnownShape | null {
    if (this.#shapes >= NAMES_MAX || known.shapes!.length >= SHAPES_MAX) return null
    const shape = hitShape(known.name, decoder.decode(bytes.subarray(from, to)), this.#definitions)
    if (shape === null || shape.names.length > SLOTS_MAX) return null
    this.#shapes++
    const fields = shape.printed.map((name) => encoder.encode(` ${name}=`))
    const added: KnownShape = { where: new Uint8Array(bytes.subarray(from, close)), fields, id: this.#out.addShape(shape) }
    known.shapes!.push(added)
    return added
  }

  #addEvent(bytes: Uint8Array, from: number, to: number): KnownEvent | null {
    if (this.#events.size >= NAMES_MAX) return null
    const name = decoder.decode(bytes.subarray(from, to))
    const special = isSpecial(name) || !VISIBLE.test(name)
    return this.#events.add(bytes, from, to, {
      name,
      kept: special || this.#definitions.has(name) ? null : new KeptCount(name),
      shapes: special ? null : [],
    })
  }

  #addTask(bytes: Uint8Array, from: number, to: number): number {
    if (this.#tasks.size >= NAMES_MAX) return -1
    const text = decoder.decode(bytes.subarray(from, to))
    const dash = text.lastIndexOf('-')
    return this.#tasks.add(bytes, from, to, this.#out.addTask({ pid: Number(text.slice(dash + 1)), comm: text.slice(0, dash) }))
  }

  #addContext(bytes: Uint8Array, from: number, to: number): number {
    if (this.#contexts.size >= NAMES_MAX) return -1
    return this.#contexts.add(bytes, from, to, this.#out.addContext(decoder.decode(bytes.subarray(from, to))))
  }
}

function isPrintable(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i]! < SPACE || bytes[i]! > 126) return false
  return true
}

/** `comm-pid`. */
function isTask(bytes: Uint8Array, from: number, to: number): boolean {
  let at = to
  while (at > from && isDigit(bytes[at - 1]!)) at--
  const digits = to - at
  return digits > 0 && digits <= 10 && at > from && bytes[at - 1] === MINUS && at - 1 - from <= COMM_BYTES_MAX
}
