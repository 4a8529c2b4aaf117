/**
 * The events of one block. Columns are decoded when they are first asked for, events when somebody looks. Nothing of
 * a block is believed because its checksum is right: what makes no sense throws BrokenBlockError.
 */
import type { Actor, AnyEvent, ColumnBlock, FieldCursor, HostId, Vocabulary } from '@devtrail/events'
import { CAUSES_MAX } from '../limits.ts'
import { BrokenBlockError, ByteReader } from './bytes.ts'
import type { ColumnPool } from './column-pool.ts'
import type { Dictionary, StoredType } from './dictionary.ts'
import { EventViews, type TypeView } from './event-view.ts'
import { BLOCK_EVENTS_MAX, BLOCK_VALUES_MAX } from './frame.ts'
import { hostIn, isInferred, isUnordered, MARKS_MAX } from './marks.ts'
import { readInts } from './read-ints.ts'
import { LazyColumn, mustBeWithin, type Decoding } from './lazy-column.ts'
import { StoredColumn } from './stored-column.ts'
import { readingOf, upcast, type Reading } from './stored-type.ts'
import { readSummary, type Summary } from './summary.ts'

const NO_CAUSES: readonly number[] = Object.freeze([])
const BLOCK_CAUSES_MAX = 2 * CAUSES_MAX

/** What is known of a block beside its body. */
export interface BlockStart {
  readonly count: number
  readonly lastSeq: number
}

export interface BlockReaderOptions {
  /** The views of the iteration that the block belongs to. */
  readonly views?: EventViews
  /** Where columns are decoded to; the block is good until it is reset. */
  readonly pool?: ColumnPool
  /** Makes the errors that are thrown later, when columns are decoded. */
  readonly telling?: Decoding['telling']
}

interface Value {
  readonly name: string
  readonly value: (row: number) => unknown
}

function valuesOf(fields: readonly FieldCursor[]): Value[] {
  return fields.map((field) => ({ name: field.name, value: field.value }))
}

export class BlockReader implements ColumnBlock {
  readonly count: number
  readonly lastSeq: number
  readonly summary: Summary
  /** The types in it, as the segment declares them. */
  readonly types: readonly StoredType[]
  /** For each event its type's place in `types`. */
  readonly type: Float64Array
  readonly #time: LazyColumn
  readonly #device: LazyColumn
  readonly #cpu: LazyColumn
  readonly #actor: LazyColumn
  readonly #entry: LazyColumn
  readonly #context: LazyColumn
  readonly #source: LazyColumn
  readonly #where: LazyColumn
  readonly #marks: LazyColumn
  #host: Float64Array | null | undefined
  readonly #causeCount: LazyColumn
  /** Causes of all events together. */
  readonly #causes: number
  readonly #cause: LazyColumn
  #causeStart: Uint32Array | null = null
  readonly #causesAreNear: boolean
  readonly #fields: readonly (readonly FieldCursor[])[]
  readonly #rows: Uint32Array
  readonly #dictionary: Dictionary
  readonly #vocabulary: Vocabulary
  readonly #readings: (Reading | undefined)[] = []
  readonly #values: (readonly Value[] | undefined)[] = []
  readonly #views: EventViews
  readonly #telling: Decoding['telling']
  /** By place in `types`; null where events have to be upcast. */
  readonly #typeViews: (TypeView | null | undefined)[] = []

  /**
   * Reads a body whose checksum was found right. Its first byte should lie on a multiple of 4 of its buffer.
   * What the block adds to the dictionary is taken in.
   * @throws BrokenBlockError.
   */
  constructor(
    body: Uint8Array<ArrayBuffer>,
    { count, lastSeq }: BlockStart,
    dictionary: Dictionary,
    vocabulary: Vocabulary,
    { views = new EventViews(), pool, telling = (error) => error }: BlockReaderOptions = {},
  ) {
    if (count < 1 || count > BLOCK_EVENTS_MAX) throw new BrokenBlockError(`a block of ${count} events`)
    const aligned = body.byteOffset % 4 === 0 ? body : body.slice()
    const input = new ByteReader(aligned)
    this.count = count
    this.lastSeq = lastSeq
    this.#dictionary = dictionary
    this.#vocabulary = vocabulary
    this.#views = views
    this.#telling = telling
    const how: Decoding = pool === undefined ? { telling } : { telling, room: (n) => pool.take(n) }
    const exact: Decoding = { ...how, nullable: false }
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
    if (new Set(this.types.map(({ name }) => name)).size < this.types.length) throw new BrokenBlockError('an event type twice')

    this.#causeCount = new LazyColumn(input, count, exact, (counts) => {
      mustBeWithin(counts, 0, BLOCK_CAUSES_MAX, 'number of causes')
      this.#causeStart = startsOf(counts, this.#causes)
    })
    this.#causesAreNear = input.u8() === 1
    this.#causes = input.varint()
    if (this.#causes > BLOCK_CAUSES_MAX) throw new BrokenBlockError(`${this.#causes} causes in a block`)
    this.#cause = new LazyColumn(input, this.#causes, exact)
    this.type = readInts(input, count, exact)
    mustBeWithin(this.type, 0, this.types.length - 1, 'type')
    this.#time = new LazyColumn(input, count, exact)
    this.#device = new LazyColumn(input, count, how)
    this.#cpu = new LazyColumn(input, count, how)
    this.#actor = this.#numbersOf(input, dictionary.actors, exact)
    this.#entry = new LazyColumn(input, count, how)
    this.#context = this.#numbersOf(input, dictionary.strings, exact)
    this.#source = this.#numbersOf(input, dictionary.strings, exact)
    this.#where = this.#numbersOf(input, dictionary.strings, exact)
    this.#marks = new LazyColumn(input, count, exact, (marks) => mustBeWithin(marks, 0, MARKS_MAX, 'marks'))
    const rowCounts = new Uint32Array(this.types.length)
    this.#rows = new Uint32Array(count)
    for (let i = 0; i < count; i++) this.#rows[i] = rowCounts[this.type[i]!]!++
    const values = this.types.reduce((sum, { fields }, t) => sum + fields.length * rowCounts[t]!, 0)
    if (values > BLOCK_VALUES_MAX) throw new BrokenBlockError(`${values} values in a block`)
    this.#fields = this.types.map(({ fields }, t) =>
      fields.map(({ name, field }) => new StoredColumn(name, field, rowCounts[t]!, input, dictionary, how)),
    )
    if (input.left >= 8) throw new BrokenBlockError('more bytes than events')
  }

  #numbersOf(input: ByteReader, list: readonly unknown[], how: Decoding): LazyColumn {
    return new LazyColumn(input, this.count, how, (numbers) => {
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

  actorAt(i: number): Actor | null {
    return this.#dictionary.actors[this.#actor.numbers[i]!] ?? null
  }

  contextAt(i: number): string | undefined {
    return this.#dictionary.strings[this.#context.numbers[i]!]
  }

  sourceAt(i: number): string | undefined {
    return this.#dictionary.strings[this.#source.numbers[i]!]
  }

  whereAt(i: number): string | undefined {
    return this.#dictionary.strings[this.#where.numbers[i]!]
  }

  inferredAt(i: number): true | undefined {
    return isInferred(this.#marks.numbers[i]!)
  }

  unorderedAt(i: number): true | undefined {
    return isUnordered(this.#marks.numbers[i]!)
  }

  hostAt(i: number): HostId | undefined {
    return hostIn(this.#marks.numbers[i]!) || undefined
  }

  get host(): Float64Array | null {
    if (this.#host === undefined) {
      const hosts = this.#marks.numbers.map(hostIn)
      this.#host = hosts.some((host) => host > 0) ? hosts : null
    }
    return this.#host
  }

  causesAt(i: number): readonly number[] {
    if (this.#causes === 0) return NO_CAUSES
    const starts = this.#causeStart ?? this.#causeStarts()
    const start = starts[i]!
    const end = starts[i + 1]!
    if (start === end) return NO_CAUSES
    const seq = this.seq(i)
    const cause = this.#cause.numbers
    const causes: number[] = []
    for (let c = start; c < end; c++) {
      const of = this.#causesAreNear ? seq - cause[c]! : cause[c]!
      if (!Number.isSafeInteger(of)) throw this.#telling(new BrokenBlockError('a cause past 2^53'))
      causes.push(of)
    }
    return causes
  }

  #causeStarts(): Uint32Array {
    void this.#causeCount.numbers
    return this.#causeStart!
  }

  /**
   * The event as it was appended.
   * @throws LogUsageError `unsupported` for a type or version outside the vocabulary; BrokenBlockError.
   */
  event(i: number): AnyEvent {
    const type = this.type[i]!
    const { older } = this.#reading(type)
    const row = this.#rows[i]!
    const data: Record<string, unknown> = {}
    for (const { name, value } of (this.#values[type] ??= valuesOf(this.#fields[type]!))) data[name] = value(row)
    const entry = this.#entry.numbers[i]!
    const device = this.#device.numbers[i]!
    const cpu = this.#cpu.numbers[i]!
    const event = {
      seq: this.seq(i),
      entry: entry === entry ? entry : null,
      time: this.#time.numbers[i]!,
      device: device === device ? device : null,
      cpu: cpu === cpu ? cpu : null,
      actor: this.actorAt(i),
      cause: this.causesAt(i),
    } as AnyEvent & {
      context?: string
      source?: string
      where?: string
      inferred?: true
      host?: HostId
      unordered?: true
      type: string
      data: object
    }
    const context = this.contextAt(i)
    const source = this.sourceAt(i)
    const where = this.whereAt(i)
    if (context !== undefined) event.context = context
    if (source !== undefined) event.source = source
    if (where !== undefined) event.where = where
    const marks = this.#marks.numbers[i]!
    if (marks > 0) {
      if (isInferred(marks)) event.inferred = true
      if (hostIn(marks) > 0) event.host = hostIn(marks)
      if (isUnordered(marks)) event.unordered = true
    }
    event.type = this.types[type]!.name
    event.data = data
    return older === null ? event : upcast(event, older, this.#vocabulary)
  }

  /** The event at a glance, see ColumnBlock. @throws as `event`. */
  view(i: number): AnyEvent {
    const type = this.type[i]!
    const view = this.#typeViews[type]
    if (view === null) return this.event(i)
    const shown = view ?? this.#typeView(type)
    if (shown === null) return this.event(i)
    shown.row = this.#rows[i]!
    return this.#views.show(this, i, shown)
  }

  #typeView(type: number): TypeView | null {
    const view = this.#reading(type).older === null ? this.#views.of(this.types[type]!, this.#fields[type]!) : null
    this.#typeViews[type] = view
    return view
  }

  #reading(type: number): Reading {
    return (this.#readings[type] ??= readingOf(this.#vocabulary, this.types[type]!))
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
