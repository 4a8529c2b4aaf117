import type { Field } from '@devtrail/events'
import { EVENT_CHARS_MAX, IO_BYTES } from '../limits.ts'
import { ByteWriter } from './bytes.ts'
import type { Interned } from './interned.ts'
import { writeInts } from './write-ints.ts'
import { grown, isWholeNumber } from './numbers.ts'
import { storageOf, type Storage } from './storage.ts'

const word = new BigUint64Array(1)
const halves = new Uint32Array(word.buffer)
const WORD_MAX = 0xffff_ffff_ffff_ffffn

/** The texts of the column at hand. */
let textBytes = new ByteWriter()

/** What `FieldColumn.take` says of a value that is not of the field's kind. */
export const REFUSED = -1

const INT = 0
const INTERNED = 1
const WORD = 2
const BOOL = 3
const ENUM = 4
const TEXT = 5
const codes: Readonly<Record<Storage, number>> = { int: INT, interned: INTERNED, word: WORD, bool: BOOL, enum: ENUM, text: TEXT }

/** Characters of a pointer's text. */
const pointerChars = (high: number, low: number): number =>
  high === 0 ? 2 + Math.max(1, 8 - (Math.clz32(low) >>> 2)) : 18 - (Math.clz32(high) >>> 2)

/** The values of one field of one event type. */
export class FieldColumn {
  readonly name: string
  readonly #storage: number
  readonly #optional: boolean
  readonly #words: readonly string[]
  #values = new Float64Array(64)
  /** High halves of 64-bit words. */
  #high: Float64Array
  #length = 0
  readonly #texts: string[] = []
  readonly #strings: Interned

  constructor(name: string, field: Field, strings: Interned) {
    this.name = name
    this.#storage = codes[storageOf(field)]
    this.#optional = field.optional === true
    this.#words = field.values ?? []
    this.#high = new Float64Array(this.#storage === WORD ? 64 : 0)
    this.#strings = strings
  }

  /** Takes a value in. @returns its characters (0 of what is no string), or REFUSED when it is not of the kind. */
  take(value: unknown): number {
    if (this.#length === this.#values.length) this.#grow()
    if (value === null) return this.#takeNull()
    switch (this.#storage) {
      case INT:
        if (typeof value !== 'number' || !isWholeNumber(value)) return REFUSED
        this.#values[this.#length++] = value
        return 0
      case INTERNED:
        if (typeof value !== 'string' || value.length > EVENT_CHARS_MAX) return REFUSED
        this.#values[this.#length++] = this.#strings.id(value)
        return value.length
      default:
        return this.#takeOther(value)
    }
  }

  /** Takes the values of rows in, from one to another. @returns the characters of all, or REFUSED with nothing taken. */
  takeNumbers(low: Float64Array, high: Float64Array, from: number, to: number): number {
    this.#reach(this.#length + to - from)
    const chars = this.#storage === INTERNED ? this.#takePointers(low, high, from, to) : this.#takeInts(low, high, from, to)
    if (chars !== REFUSED) this.#length += to - from
    return chars
  }

  #takeInts(low: Float64Array, high: Float64Array, from: number, to: number): number {
    const values = this.#values
    const first = this.#length - from
    const isOptional = this.#optional
    const max = this.#maxOfRows
    for (let i = from; i < to; i++) {
      const value = low[i]!
      if (value !== value ? !isOptional : max === Infinity ? !isWholeNumber(value) : value >>> 0 !== value || value > max) return REFUSED
      values[first + i] = value
    }
    if (this.#storage !== WORD) return 0
    for (let i = from; i < to; i++) {
      const value = high[i]!
      const isNull = values[first + i] !== values[first + i]
      if (!isNull && value >>> 0 !== value) return REFUSED
      this.#high[first + i] = isNull ? Number.NaN : value
    }
    return 0
  }

  /** The largest number that a row may have; infinite where any whole one is right. */
  get #maxOfRows(): number {
    switch (this.#storage) {
      case INT:
        return Infinity
      case WORD:
        return 0xffff_ffff
      case BOOL:
        return 1
      case ENUM:
        return this.#words.length - 1
      default:
        return -1
    }
  }

  #takePointers(low: Float64Array, high: Float64Array, from: number, to: number): number {
    const values = this.#values
    const strings = this.#strings
    const first = this.#length - from
    const isOptional = this.#optional
    let chars = 0
    // Often the same again and again.
    let lastLow = Number.NaN
    let lastHigh = 0
    let [id, length] = [0, 0]
    for (let i = from; i < to; i++) {
      const l = low[i]!
      if (l !== l) {
        if (!isOptional) return REFUSED
        values[first + i] = 0
        continue
      }
      const h = high[i]!
      if (l !== lastLow || h !== lastHigh) {
        if (l >>> 0 !== l || h >>> 0 !== h) return REFUSED
        lastLow = l
        lastHigh = h
        id = strings.pointer(h, l)
        length = pointerChars(h, l)
      }
      values[first + i] = id
      chars += length
    }
    return chars
  }

  #takeNull(): number {
    if (!this.#optional) return REFUSED
    if (this.#storage === WORD) this.#high[this.#length] = Number.NaN
    this.#values[this.#length++] = this.#storage === INTERNED ? 0 : Number.NaN
    return 0
  }

  #takeOther(value: unknown): number {
    switch (this.#storage) {
      case WORD:
        if (typeof value !== 'bigint' || value < 0n || value > WORD_MAX) return REFUSED
        word[0] = value
        this.#high[this.#length] = halves[1]!
        this.#values[this.#length++] = halves[0]!
        return 0
      case BOOL:
        if (typeof value !== 'boolean') return REFUSED
        this.#values[this.#length++] = value ? 1 : 0
        return 0
      case ENUM: {
        const place = this.#words.indexOf(value as string)
        if (place < 0) return REFUSED
        this.#values[this.#length++] = place
        return 0
      }
      case TEXT:
      default:
        if (typeof value !== 'string' || value.length > EVENT_CHARS_MAX) return REFUSED
        // Its place; the length is known when it is written.
        this.#values[this.#length++] = this.#texts.length
        this.#texts.push(value)
        return value.length
    }
  }

  #grow(): void {
    this.#values = grown(this.#values)
    if (this.#storage === WORD) this.#high = grown(this.#high)
  }

  #reach(length: number): void {
    while (length > this.#values.length) this.#grow()
  }

  /** Lets go of the newest values. */
  drop(n = 1): void {
    for (; n > 0; n--) {
      const last = this.#values[--this.#length]!
      if (this.#storage === TEXT && !Number.isNaN(last)) this.#texts.pop()
    }
  }

  /** Writes the column and empties it. */
  write(out: ByteWriter): void {
    const n = this.#length
    this.#length = 0
    if (this.#storage !== TEXT) {
      writeInts(out, this.#values, n)
      if (this.#storage === WORD) writeInts(out, this.#high, n)
      return
    }
    const bytes = textBytes
    for (let i = 0; i < n; i++) {
      const place = this.#values[i]!
      if (!Number.isNaN(place)) this.#values[i] = bytes.text(this.#texts[place]!)
    }
    this.#texts.length = 0
    writeInts(out, this.#values, n)
    out.varint(bytes.length)
    out.raw(bytes.written())
    // A few megabytes of text are no reason to keep as many for ever.
    if (bytes.length > IO_BYTES) textBytes = new ByteWriter()
    else bytes.clear()
  }
}
