import type { EventRow, Field } from '@devtrail/events'
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

  /** Takes the value at a place of a row in. @returns as `take`. */
  takeNumbers({ low: lows, high: highs }: EventRow, place: number): number {
    if (this.#length === this.#values.length) this.#grow()
    const low = lows[place]!
    if (low !== low) return this.#takeNull()
    const high = highs[place]!
    switch (this.#storage) {
      case INT:
        if (!isWholeNumber(low)) return REFUSED
        this.#values[this.#length++] = low
        return 0
      case INTERNED:
        if (low >>> 0 !== low || high >>> 0 !== high) return REFUSED
        this.#values[this.#length++] = this.#strings.pointer(high, low)
        return pointerChars(high, low)
      case WORD:
        if (low >>> 0 !== low || high >>> 0 !== high) return REFUSED
        this.#high[this.#length] = high
        this.#values[this.#length++] = low
        return 0
      case BOOL:
      case ENUM:
        if (low >>> 0 !== low || low >= (this.#storage === BOOL ? 2 : this.#words.length)) return REFUSED
        this.#values[this.#length++] = low
        return 0
      case TEXT:
      default:
        return REFUSED
    }
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

  /** Lets go of the newest value. */
  drop(): void {
    const last = this.#values[--this.#length]!
    if (this.#storage === TEXT && !Number.isNaN(last)) this.#texts.pop()
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
