/** Gathers events into columns and writes them as the body of a block. FORMAT.md describes the bytes. */
import type { AnyEvent, EventDeclaration, EventRow, Vocabulary } from '@devtrail/events'
import { EVENT_CHARS_MAX } from '../limits.ts'
import { ByteWriter } from './bytes.ts'
import { fieldsOf, mustBeStorable } from './check-event.ts'
import { DictionaryWriter } from './dictionary.ts'
import { EnvelopeColumns, type KnownOrigin } from './envelope-columns.ts'
import { FieldColumn, REFUSED } from './field-column.ts'
import { FRAME_ALIGN } from './frame.ts'
import { Interned, slotOf } from './interned.ts'
import { typeBit, type Summary } from './summary.ts'

/** The columns of one event type. */
class TypeColumns {
  readonly name: string
  readonly id: number
  readonly declaration: EventDeclaration
  readonly columns: readonly FieldColumn[]
  readonly origin: KnownOrigin = { source: null, sourceId: 0, where: null, whereId: 0 }
  /** The columns in the order in which the newest object had its fields. */
  #ordered: readonly FieldColumn[]
  /** Events of the type in the block. */
  count = 0
  /** Its number in the block, from 0. */
  local = 0

  constructor(name: string, id: number, declaration: EventDeclaration, columns: readonly FieldColumn[]) {
    this.name = name
    this.id = id
    this.declaration = declaration
    this.columns = columns
    this.#ordered = columns
  }

  /** Takes an event's data in. @returns its characters; REFUSED, with nothing taken, unless it has just the declared fields. */
  take(data: object): number {
    const taken = this.#takeAsOrdered(data)
    return taken === REFUSED && this.#reorder(data) ? this.#takeAsOrdered(data) : taken
  }

  /** The same of an event in numbers. */
  takeRow(row: EventRow): number {
    if (row.declaration !== this.declaration) return REFUSED
    const { columns } = this
    let chars = 0
    for (let i = 0; i < columns.length; i++) {
      const taken = columns[i]!.takeNumbers(row, i)
      if (taken === REFUSED) {
        for (let taken = 0; taken < i; taken++) columns[taken]!.drop()
        return REFUSED
      }
      chars += taken
    }
    return chars
  }

  #takeAsOrdered(data: object): number {
    const columns = this.#ordered
    let chars = 0
    let i = 0
    for (const name in data) {
      const column = columns[i]
      const taken = column !== undefined && column.name === name ? column.take((data as Record<string, unknown>)[name]) : REFUSED
      if (taken === REFUSED) {
        this.#drop(i)
        return REFUSED
      }
      chars += taken
      i++
    }
    if (i === columns.length && chars <= EVENT_CHARS_MAX) return chars
    this.#drop(i)
    return REFUSED
  }

  /** @returns whether the object has just the declared fields, and in another order than those before. */
  #reorder(data: object): boolean {
    const names = Object.keys(data)
    const ordered = names.map((name) => this.columns.find((column) => column.name === name))
    if (names.length !== this.columns.length || !ordered.every((column) => column !== undefined)) return false
    if (names.every((name, i) => this.#ordered[i]!.name === name)) return false
    this.#ordered = ordered
    return true
  }

  #drop(n: number): void {
    for (let i = 0; i < n; i++) this.#ordered[i]!.drop()
  }

  /** Lets go of the newest event. */
  drop(): void {
    this.#drop(this.columns.length)
  }
}

/** One block's worth of events of a segment; used again for the next block. */
export class BlockBuilder {
  readonly #vocabulary: Vocabulary
  readonly #dictionary: DictionaryWriter
  readonly #strings: Interned
  readonly #types = new Map<string, TypeColumns>()
  /** Types found without hashing their names. */
  readonly #seen: (TypeColumns | undefined)[] = Array.from({ length: 256 })
  readonly #inBlock: TypeColumns[] = []
  readonly #envelopes: EnvelopeColumns
  readonly #additions = new ByteWriter()
  lastSeq = 0
  /** About how many bytes the events taken since the last block will take. */
  bytes = 0

  constructor(vocabulary: Vocabulary, dictionary = new DictionaryWriter()) {
    this.#vocabulary = vocabulary
    this.#dictionary = dictionary
    this.#strings = new Interned(dictionary)
    this.#envelopes = new EnvelopeColumns(dictionary)
  }

  /** Events taken since the last block. */
  get count(): number {
    return this.#envelopes.count
  }

  /** Causes of all of them together. */
  get causes(): number {
    return this.#envelopes.causes
  }

  /**
   * Takes an event in; it must be the next in sequence.
   * @throws LogUsageError `unsupported`, `bad-event`, with nothing taken, when it would not read back the same.
   */
  add(event: AnyEvent): void {
    if (this.#take(event)) return
    mustBeStorable(this.#vocabulary, event)
    // What was left out is null, and what is odd about the object is left behind.
    const names = Object.keys(this.#vocabulary.get(event.type).fields)
    const { data } = event
    const plain = {
      ...event,
      data: Object.fromEntries(names.map((name) => [name, Object.hasOwn(data, name) ? (data[name] ?? null) : null])),
    }
    if (!this.#take(plain)) throw new Error(`event ${event.seq} (${event.type}) passed every check and yet cannot be stored`)
  }

  /** Takes an event in that is given in numbers. @throws as `add`. */
  addRow(row: EventRow): void {
    const type = this.#typeOf(row.type)
    const chars = type === null ? REFUSED : type.takeRow(row)
    if (type === null || chars === REFUSED) return this.add(row.event())
    const { causes } = this
    const strings = this.#dictionary.bytes
    if (this.#envelopes.takeRow(row, type.origin)) return this.#count(type, row.seq, chars, causes, strings)
    type.drop()
    this.add(row.event())
  }

  /** @returns false, with nothing taken, when the event has to be looked at closely. */
  #take(event: AnyEvent): boolean {
    const type = this.#typeOf(event.type)
    if (type === null) return false
    const { data } = event
    if (typeof data !== 'object' || data === null) return false
    const chars = type.take(data)
    if (chars === REFUSED) return false
    const { causes } = this
    const strings = this.#dictionary.bytes
    if (this.#envelopes.take(event)) {
      this.#count(type, event.seq, chars, causes, strings)
      return true
    }
    type.drop()
    return false
  }

  /** Counts an event whose data and envelope were taken in; `causes` and `strings`: how many there were before its envelope. */
  #count(type: TypeColumns, seq: number, chars: number, causes: number, strings: number): void {
    if (type.count++ === 0) {
      type.local = this.#inBlock.length
      this.#inBlock.push(type)
    }
    this.#envelopes.type[this.count - 1] = type.local
    this.bytes += 16 + 4 * type.columns.length + chars + 4 * (this.causes - causes) + this.#dictionary.bytes - strings
    this.lastSeq = seq
  }

  /** Lets go of the events from place `count` on, which the block then never held. */
  cut(count: number): void {
    const { type } = this.#envelopes
    for (let i = this.count - 1; i >= count; i--) {
      const columns = this.#inBlock[type[i]!]!
      columns.drop()
      // Types stand in the order of their first event: those without any are at the end.
      if (--columns.count === 0) this.#inBlock.pop()
    }
    this.lastSeq = Math.max(0, this.lastSeq - (this.count - count))
    this.#envelopes.cut(count)
  }

  #typeOf(name: unknown): TypeColumns | null {
    if (typeof name !== 'string') return null
    const slot = slotOf(name)
    const seen = this.#seen[slot]
    if (seen !== undefined && seen.name === name) return seen
    const type = this.#types.get(name) ?? this.#declare(name)
    if (type !== null) this.#seen[slot] = type
    return type
  }

  #declare(name: string): TypeColumns | null {
    const declaration = this.#vocabulary.find(name)
    if (declaration === undefined) return null
    const columns = fieldsOf(declaration).map(([field, f]) => new FieldColumn(field, f, this.#strings))
    const type = new TypeColumns(name, this.#dictionary.type(name, declaration), declaration, columns)
    this.#types.set(name, type)
    return type
  }

  /** Writes the block's body to `out`, from its current end, and starts the next block. */
  finish(out: ByteWriter): Summary {
    const additions = this.#additions
    additions.clear()
    this.#dictionary.takeAdditions(additions)
    let typeMask = 0
    for (const { id } of this.#inBlock) typeMask |= typeBit(id)
    const summary = this.#envelopes.summary(typeMask >>> 0)
    writeSummary(out, summary)
    out.varint(additions.length)
    out.raw(additions.written())
    out.varint(this.#inBlock.length)
    for (const { id } of this.#inBlock) out.varint(id)
    this.#envelopes.write(out, this.lastSeq)
    for (const type of this.#inBlock) {
      for (const column of type.columns) column.write(out)
      type.count = 0
    }
    out.align(FRAME_ALIGN)
    this.#inBlock.length = 0
    this.bytes = 0
    return summary
  }
}

function writeSummary(out: ByteWriter, { minTime, maxTime, entries, deviceMask, typeMask }: Summary): void {
  out.signed(minTime)
  out.signed(maxTime)
  out.u8(entries === null ? 0 : 1)
  if (entries !== null) {
    out.signed(entries.first)
    out.signed(entries.last)
  }
  out.varint(deviceMask)
  out.varint(typeMask)
}
