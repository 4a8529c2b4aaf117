/** Gathers events into columns and writes them as the body of a block. FORMAT.md describes the bytes. */
import type { AnyEvent, EventRows, Vocabulary } from '@devtrail/events'
import { ByteWriter } from './bytes.ts'
import { fieldsOf, mustBeStorable } from './check-event.ts'
import { DictionaryWriter } from './dictionary.ts'
import { EnvelopeColumns } from './envelope-columns.ts'
import { FieldColumn, REFUSED } from './field-column.ts'
import { FRAME_ALIGN } from './frame.ts'
import { Interned, slotOf } from './interned.ts'
import { RowNumbers } from './row-numbers.ts'
import { typeBit, type Summary } from './summary.ts'
import { TypeColumns } from './type-columns.ts'

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
  readonly #rowNumbers: RowNumbers
  readonly #additions = new ByteWriter()
  lastSeq = 0
  /** About how many bytes the events taken since the last block will take. */
  bytes = 0

  constructor(vocabulary: Vocabulary, dictionary = new DictionaryWriter()) {
    this.#vocabulary = vocabulary
    this.#dictionary = dictionary
    this.#strings = new Interned(dictionary)
    this.#envelopes = new EnvelopeColumns(dictionary)
    this.#rowNumbers = new RowNumbers(dictionary)
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

  /** Takes rows in, from one to another. @throws as `add`, with nothing taken from the one on that is refused. */
  addRows(rows: EventRows, from: number, to: number): void {
    if (from === to || this.#takeRows(rows, from, to)) return
    let row = 0
    for (const event of rows.events()) {
      if (row >= from && row < to) this.add(event)
      row++
    }
  }

  /** @returns false, with nothing taken, when they have to be looked at closely. */
  #takeRows(rows: EventRows, from: number, to: number): boolean {
    const { causes } = this
    const strings = this.#dictionary.bytes
    const numbers = this.#rowNumbers
    const types = this.#inBlock.length
    if (!numbers.turnTo(rows, from, to, (type) => this.#typeOf(type))) return false
    const { parts } = numbers
    let [taken, bytes] = [0, 0]
    for (; taken < parts.length; taken++) {
      const { type, rows: ofType, from: first, to: end } = parts[taken]!
      const chars = type.takeRows(ofType, first, end)
      if (chars === REFUSED) break
      bytes += chars + (16 + 4 * type.columns.length) * (end - first)
      if (type.count === 0) {
        type.local = this.#inBlock.length
        this.#inBlock.push(type)
      }
      type.count += end - first
    }
    if (taken === parts.length && this.#envelopes.takeRows(rows, from, to, numbers)) {
      this.bytes += bytes + 4 * (this.causes - causes) + this.#dictionary.bytes - strings
      this.lastSeq = rows.seq + to - 1
      return true
    }
    for (const { type, from: first, to: end } of parts.slice(0, taken)) {
      type.drop(end - first)
      type.count -= end - first
    }
    this.#inBlock.length = types
    return false
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
