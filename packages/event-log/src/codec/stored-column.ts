import type { Field, FieldCursor } from '@devtrail/events'
import { BrokenBlockError, decodeText, type ByteReader } from './bytes.ts'
import type { Dictionary } from './dictionary.ts'
import { LazyColumn, mustBeWithin, type Decoding } from './lazy-column.ts'
import { storageOf } from './storage.ts'

const word = new BigUint64Array(1)
const halves = new Uint32Array(word.buffer)

/** A field's column in a block that is read. */
export class StoredColumn implements FieldCursor {
  readonly name: string
  readonly field: Field
  readonly #numbers: LazyColumn
  readonly #high: LazyColumn | null
  readonly #texts: Uint8Array | null
  readonly #dictionary: Dictionary
  readonly #telling: Decoding['telling']
  #value: ((row: number) => unknown) | null = null
  #failure: { readonly error: unknown } | null = null

  /** Moves `input` behind the column. */
  constructor(name: string, field: Field, rows: number, input: ByteReader, dictionary: Dictionary, how: Decoding) {
    this.name = name
    this.field = field
    this.#dictionary = dictionary
    this.#telling = how.telling
    const storage = storageOf(field)
    const nullable = { ...how, nullable: field.optional === true && storage !== 'interned' }
    this.#numbers = new LazyColumn(input, rows, nullable, (numbers) => mustFit(field, numbers, dictionary))
    this.#high =
      storage === 'word' ? new LazyColumn(input, rows, nullable, (high) => mustBeWithin(high, 0, 0xffff_ffff, 'half a word')) : null
    this.#texts = storage === 'text' ? input.take(input.varint()) : null
  }

  get numbers(): Float64Array {
    return this.#numbers.numbers
  }

  get high(): Float64Array | null {
    return this.#high && this.#high.numbers
  }

  get value(): (row: number) => unknown {
    return this.#value ?? this.#read()
  }

  #read(): (row: number) => unknown {
    if (this.#failure !== null) throw this.#failure.error
    try {
      this.#value = this.#reading()
      return this.#value
    } catch (error) {
      this.#failure = { error: this.#telling(error) }
      throw this.#failure.error
    }
  }

  #reading(): (row: number) => unknown {
    const { numbers, field } = this
    switch (storageOf(field)) {
      case 'interned': {
        const { strings } = this.#dictionary
        return (row) => (numbers[row] === 0 ? null : strings[numbers[row]!]!)
      }
      case 'enum': {
        const values = field.values!
        return (row) => values[numbers[row]!] ?? null
      }
      case 'bool':
        return (row) => (numbers[row] === 1 ? true : numbers[row] === 0 ? false : null)
      case 'word':
        return words(numbers, this.high!)
      case 'text':
        return texts(numbers, this.#texts!, this.#telling)
      case 'int':
      default:
        return (row) => {
          const n = numbers[row]!
          return Number.isNaN(n) ? null : n
        }
    }
  }
}

function mustFit(field: Field, numbers: Float64Array, dictionary: Dictionary): void {
  switch (storageOf(field)) {
    case 'interned': {
      const { strings } = dictionary
      mustBeWithin(numbers, field.optional === true ? 0 : 1, strings.length - 1, 'string number')
      for (let i = 0; i < numbers.length; i++) {
        const id = numbers[i]!
        if (id !== 0 && strings[id] === undefined) dictionary.string(id)
      }
      return
    }
    case 'enum':
      mustBeWithin(numbers, 0, field.values!.length - 1, 'enum value')
      return
    case 'bool':
      mustBeWithin(numbers, 0, 1, 'truth value')
      return
    case 'word':
      mustBeWithin(numbers, 0, 0xffff_ffff, 'half a word')
      return
    case 'text':
    case 'int':
  }
}

function words(low: Float64Array, high: Float64Array): (row: number) => bigint | null {
  for (let i = 0; i < low.length; i++) if (Number.isNaN(low[i]!) !== Number.isNaN(high[i]!)) throw new BrokenBlockError('half a word')
  return (row) => {
    if (Number.isNaN(low[row]!)) return null
    halves[0] = low[row]!
    halves[1] = high[row]!
    return word[0]!
  }
}

/** The texts of a column, whose lengths are `codes`. */
function texts(codes: Float64Array, bytes: Uint8Array, telling: Decoding['telling']): (row: number) => string | null {
  const starts = new Float64Array(codes.length)
  let at = 0
  for (let i = 0; i < codes.length; i++) {
    starts[i] = at
    const code = codes[i]!
    if (Number.isNaN(code)) continue
    if (code < 0) throw new BrokenBlockError('a text of negative length')
    at += Math.floor(code / 2)
    if (at > bytes.length) throw new BrokenBlockError('texts longer than their bytes')
  }
  if (at !== bytes.length) throw new BrokenBlockError('bytes of no text')
  return (row) => {
    const code = codes[row]!
    if (Number.isNaN(code)) return null
    const start = starts[row]!
    try {
      return decodeText(bytes.subarray(start, start + Math.floor(code / 2)), code)
    } catch (error) {
      throw telling(error)
    }
  }
}
