/**
 * The events of one block. Columns are decoded when they are first asked for, events when somebody looks. Nothing of
 * a block is believed because its checksum is right: what makes no sense throws BrokenBlockError.
 */
import { eventFromJson, eventToJson, Vocabulary, type Actor, type AnyEvent, type Field } from '@devtrail/events'
import { LogUsageError, excerpt } from '../errors.ts'
import { unknownType } from '../stored-event.ts'
import { storageOf } from './storage.ts'
import { BrokenBlockError, ByteReader, decodeText } from './bytes.ts'
import { CAUSES_MAX } from '../limits.ts'
import { fieldsOf } from './check-event.ts'
import type { Dictionary, StoredType } from './dictionary.ts'
import { BLOCK_EVENTS_MAX } from './frame.ts'
import { readInts, skipInts } from './int-column.ts'
import { readSummary, type Summary } from './summary.ts'

const NO_CAUSES: readonly number[] = Object.freeze([])
const BLOCK_CAUSES_MAX = 2 * CAUSES_MAX

/** One field's values over the events of one type in a block. */
export interface FieldCursor {
  readonly name: string
  readonly field: Field
  /**
   * Numbers as they are (NaN is null); of a string, pointer or enum its number in `names` (0 of a string is null); of
   * a bool 0 or 1; of a u64 the low half; of a text nothing useful.
   */
  readonly numbers: Float64Array
  /** High halves of a u64. */
  readonly high: Float64Array | null
  /** The value of a row as an event has it. */
  readonly value: (row: number) => unknown
}

const word = new BigUint64Array(1)
const halves = new Uint32Array(word.buffer)

/** Nulls are within all limits. */
function mustBeWithin(numbers: Float64Array, min: number, max: number, what: string): void {
  for (let i = 0; i < numbers.length; i++) {
    const n = numbers[i]!
    if (n < min || n > max) throw new BrokenBlockError(`${what} ${n}`)
  }
}

function mustHaveNulls(numbers: Float64Array, optional: boolean, name: string): void {
  if (optional) return
  for (let i = 0; i < numbers.length; i++) if (Number.isNaN(numbers[i]!)) throw new BrokenBlockError(`no value in ${name}`)
}

const any = (): void => {}

/** A column that is decoded, and checked, when it is first asked for. */
class Lazy {
  readonly #input: ByteReader
  readonly #at: number
  readonly #n: number
  readonly #check: (numbers: Float64Array) => void
  #numbers: Float64Array | null = null

  constructor(input: ByteReader, n: number, check: (numbers: Float64Array) => void) {
    this.#input = input
    this.#at = input.at
    this.#n = n
    this.#check = check
    skipInts(input, n)
  }

  get numbers(): Float64Array {
    return this.#numbers ?? this.#decode()
  }

  #decode(): Float64Array {
    const numbers = readInts(new ByteReader(this.#input.bytes, this.#at, this.#input.end), this.#n)
    this.#check(numbers)
    this.#numbers = numbers
    return numbers
  }
}

class Column implements FieldCursor {
  readonly name: string
  readonly field: Field
  readonly #numbers: Lazy
  readonly #high: Lazy | null
  readonly #texts: Uint8Array | null
  readonly #dictionary: Dictionary
  #value: ((row: number) => unknown) | null = null

  constructor(name: string, field: Field, rows: number, input: ByteReader, dictionary: Dictionary) {
    this.name = name
    this.field = field
    this.#dictionary = dictionary
    this.#numbers = new Lazy(input, rows, (numbers) => mustFit(field, name, numbers, dictionary))
    const storage = storageOf(field)
    this.#high = storage === 'word' ? new Lazy(input, rows, (high) => mustBeWithin(high, 0, 0xffff_ffff, 'half a word')) : null
    this.#texts = storage === 'text' ? input.take(input.varint()) : null
  }

  get numbers(): Float64Array {
    return this.#numbers.numbers
  }

  get high(): Float64Array | null {
    return this.#high && this.#high.numbers
  }

  get value(): (row: number) => unknown {
    return (this.#value ??= this.#reading())
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
        return texts(numbers, this.#texts!)
      case 'int':
      default:
        return (row) => {
          const n = numbers[row]!
          return Number.isNaN(n) ? null : n
        }
    }
  }
}

function mustFit(field: Field, name: string, numbers: Float64Array, dictionary: Dictionary): void {
  const optional = field.optional === true
  switch (storageOf(field)) {
    case 'interned': {
      const { strings } = dictionary
      mustBeWithin(numbers, optional ? 0 : 1, strings.length - 1, 'string number')
      for (let i = 0; i < numbers.length; i++) {
        const id = numbers[i]!
        if (id !== 0 && strings[id] === undefined) dictionary.string(id)
      }
      return
    }
    case 'enum':
      mustBeWithin(numbers, 0, field.values!.length - 1, 'enum value')
      break
    case 'bool':
      mustBeWithin(numbers, 0, 1, 'truth value')
      break
    case 'word':
      mustBeWithin(numbers, 0, 0xffff_ffff, 'half a word')
      break
    case 'text':
    case 'int':
  }
  mustHaveNulls(numbers, optional, name)
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
function texts(codes: Float64Array, bytes: Uint8Array): (row: number) => string | null {
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
    return decodeText(bytes.subarray(start, start + Math.floor(code / 2)), code)
  }
}

/** What is known of a block beside its body. */
export interface BlockStart {
  readonly count: number
  readonly lastSeq: number
}

/** How the events of a stored type become events of the vocabulary. */
interface Reading {
  readonly stored: StoredType
  /** Null: field by field. Else the stored type alone, to go through JSON and upcasts. */
  readonly older: Vocabulary | null
}

function sameFields(stored: StoredType, declared: readonly (readonly [string, Field])[]): boolean {
  if (stored.fields.length !== declared.length) return false
  return stored.fields.every(({ name, field }, i) => {
    const [declaredName, { kind, optional, values }] = declared[i]!
    if (name !== declaredName || field.kind !== kind || (field.optional === true && !optional)) return false
    return kind !== 'enum' || field.values!.every((v) => values!.includes(v))
  })
}

function readingOf(vocabulary: Vocabulary, stored: StoredType): Reading {
  const declaration = vocabulary.find(stored.name)
  if (declaration === undefined) throw unknownType(vocabulary, stored.name, 'a block')
  if (stored.version > declaration.version) {
    throw new LogUsageError(
      'unsupported',
      `${stored.name} is version ${stored.version}; this vocabulary knows up to ${declaration.version}: use a newer devtrail`,
    )
  }
  if (stored.version === declaration.version && sameFields(stored, fieldsOf(declaration))) return { stored, older: null }
  const [prefix = '', name = ''] = stored.name.split('/')
  const fields = Object.fromEntries(stored.fields.map(({ name, field }) => [name, field]))
  return { stored, older: new Vocabulary([{ prefix, declarations: { [name]: { version: stored.version, doc: '', fields } } }]) }
}

interface Value {
  readonly name: string
  readonly value: (row: number) => unknown
}

function valuesOf(fields: readonly FieldCursor[]): Value[] {
  return fields.map((field) => ({ name: field.name, value: field.value }))
}

export class BlockReader {
  readonly count: number
  readonly lastSeq: number
  readonly summary: Summary
  /** The types in it, as the segment declares them. */
  readonly types: readonly StoredType[]
  /** For each event its type's place in `types`. */
  readonly type: Float64Array
  readonly #time: Lazy
  readonly #device: Lazy
  readonly #cpu: Lazy
  readonly #actor: Lazy
  readonly #entry: Lazy
  readonly #context: Lazy
  readonly #source: Lazy
  readonly #where: Lazy
  readonly #inferred: Lazy
  readonly #causeCount: Lazy
  /** Causes of all events together. */
  readonly #causes: number
  readonly #cause: Lazy
  #causeStart: Uint32Array | null = null
  readonly #causesAreNear: boolean
  readonly #fields: readonly (readonly FieldCursor[])[]
  readonly #rows: Uint32Array
  readonly #dictionary: Dictionary
  readonly #vocabulary: Vocabulary
  readonly #readings: (Reading | undefined)[] = []
  readonly #values: (readonly Value[] | undefined)[] = []

  /**
   * Reads a body whose checksum was found right. Its first byte should lie on a multiple of 4 of its buffer.
   * What the block adds to the dictionary is taken in.
   * @throws BrokenBlockError.
   */
  constructor(body: Uint8Array<ArrayBuffer>, { count, lastSeq }: BlockStart, dictionary: Dictionary, vocabulary: Vocabulary) {
    if (count < 1 || count > BLOCK_EVENTS_MAX) throw new BrokenBlockError(`a block of ${count} events`)
    const aligned = body.byteOffset % 4 === 0 ? body : body.slice()
    const input = new ByteReader(aligned)
    this.count = count
    this.lastSeq = lastSeq
    this.#dictionary = dictionary
    this.#vocabulary = vocabulary
    this.summary = readSummary(input)
    const additions = input.varint()
    const bytes = input.take(additions)
    const reader = new ByteReader(aligned, bytes.byteOffset - aligned.byteOffset, bytes.byteOffset - aligned.byteOffset + additions)
    dictionary.add(reader)
    if (reader.left !== 0) throw new BrokenBlockError('more dictionary than was said')
    this.types = Array.from({ length: input.count(count, 1, 'event types') }, () => {
      const type = dictionary.types[input.varint()]
      if (type === undefined) throw new BrokenBlockError('an event type that no readable block declares')
      return type
    })

    this.#causeCount = new Lazy(input, count, (counts) => {
      mustBeWithin(counts, 0, BLOCK_CAUSES_MAX, 'number of causes')
      mustHaveNulls(counts, false, 'causes')
    })
    this.#causesAreNear = input.u8() === 1
    this.#causes = input.varint()
    if (this.#causes > BLOCK_CAUSES_MAX) throw new BrokenBlockError(`${this.#causes} causes in a block`)
    this.#cause = new Lazy(input, this.#causes, (causes) => mustHaveNulls(causes, false, 'causes'))
    this.type = readInts(input, count)
    mustBeWithin(this.type, 0, this.types.length - 1, 'type')
    mustHaveNulls(this.type, false, 'type')
    this.#time = new Lazy(input, count, (numbers) => mustHaveNulls(numbers, false, 'time'))
    this.#device = new Lazy(input, count, any)
    this.#cpu = new Lazy(input, count, any)
    this.#actor = this.#numbersOf(input, dictionary.actors)
    this.#entry = new Lazy(input, count, any)
    this.#context = this.#numbersOf(input, dictionary.strings)
    this.#source = this.#numbersOf(input, dictionary.strings)
    this.#where = this.#numbersOf(input, dictionary.strings)
    this.#inferred = new Lazy(input, count, any)
    const rowCounts = new Uint32Array(this.types.length)
    this.#rows = new Uint32Array(count)
    for (let i = 0; i < count; i++) this.#rows[i] = rowCounts[this.type[i]!]!++
    this.#fields = this.types.map(({ fields }, t) =>
      fields.map(({ name, field }) => new Column(name, field, rowCounts[t]!, input, dictionary)),
    )
    if (input.left >= 8) throw new BrokenBlockError('more bytes than events')
  }

  #numbersOf(input: ByteReader, list: readonly unknown[]): Lazy {
    return new Lazy(input, this.count, (numbers) => {
      for (let i = 0; i < numbers.length; i++) {
        const id = numbers[i]!
        if (!(id >= 0 && id < list.length) || (id > 0 && list[id] === undefined)) throw new BrokenBlockError(`dictionary entry ${id}`)
      }
    })
  }

  get time(): Float64Array {
    return this.#time.numbers
  }

  /** NaN is null, as in all columns. */
  get device(): Float64Array {
    return this.#device.numbers
  }

  get cpu(): Float64Array {
    return this.#cpu.numbers
  }

  /** Numbers for `actorOf`; 0 is null. */
  get actor(): Float64Array {
    return this.#actor.numbers
  }

  get entry(): Float64Array {
    return this.#entry.numbers
  }

  seq(i: number): number {
    return Math.max(0, this.lastSeq - this.count + 1 + i)
  }

  /** The fields of a type (its place in `types`), each with its values by row. */
  fields(type: number): readonly FieldCursor[] {
    return this.#fields[type]!
  }

  /** The event's row among those of its type. */
  row(i: number): number {
    return this.#rows[i]!
  }

  actorOf(number: number): Actor | null {
    return this.#dictionary.actors[number] ?? null
  }

  #causesOf(i: number): readonly number[] {
    if (this.#causes === 0) return NO_CAUSES
    const starts = (this.#causeStart ??= startsOf(this.#causeCount.numbers, this.#causes))
    const start = starts[i]!
    const end = starts[i + 1]!
    if (start === end) return NO_CAUSES
    const seq = this.seq(i)
    const cause = this.#cause.numbers
    const causes: number[] = []
    for (let c = start; c < end; c++) causes.push(this.#causesAreNear ? seq - cause[c]! : cause[c]!)
    return causes
  }

  /**
   * The event as it was appended.
   * @throws LogUsageError `unsupported` for a type or version outside the vocabulary; BrokenBlockError.
   */
  event(i: number): AnyEvent {
    const type = this.type[i]!
    const reading = (this.#readings[type] ??= readingOf(this.#vocabulary, this.types[type]!))
    const row = this.#rows[i]!
    const data: Record<string, unknown> = {}
    for (const { name, value } of (this.#values[type] ??= valuesOf(this.#fields[type]!))) data[name] = value(row)
    const entry = this.#entry.numbers[i]!
    const device = this.#device.numbers[i]!
    const cpu = this.#cpu.numbers[i]!
    const { strings, actors } = this.#dictionary
    const context = this.#context.numbers[i]!
    const source = this.#source.numbers[i]!
    const where = this.#where.numbers[i]!
    const event = {
      seq: this.seq(i),
      entry: entry === entry ? entry : null,
      time: this.#time.numbers[i]!,
      device: device === device ? device : null,
      cpu: cpu === cpu ? cpu : null,
      actor: actors[this.#actor.numbers[i]!] ?? null,
      cause: this.#causesOf(i),
    } as AnyEvent & { context?: string; source?: string; where?: string; inferred?: true; type: string; data: object }
    if (context !== 0) event.context = strings[context]!
    if (source !== 0) event.source = strings[source]!
    if (where !== 0) event.where = strings[where]!
    if (this.#inferred.numbers[i] === 1) event.inferred = true
    event.type = reading.stored.name
    event.data = data
    return reading.older === null ? event : this.#upcast(event, reading.older)
  }

  #upcast(event: AnyEvent, older: Vocabulary): AnyEvent {
    try {
      return eventFromJson(this.#vocabulary, eventToJson(older, event))
    } catch (error) {
      throw new LogUsageError('unsupported', `${event.type} cannot be read with this vocabulary: ${excerpt(error)}`, { cause: error })
    }
  }
}

function startsOf(counts: Float64Array, total: number): Uint32Array {
  const start = new Uint32Array(counts.length + 1)
  let at = 0
  for (let i = 0; i < counts.length; i++) {
    at += counts[i]!
    if (at > total) throw new BrokenBlockError('more causes than were said')
    start[i + 1] = at
  }
  if (at !== total) throw new BrokenBlockError('fewer causes than were said')
  return start
}
