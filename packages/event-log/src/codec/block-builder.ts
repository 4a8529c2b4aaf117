/** Gathers events into columns and writes them as the body of a block. FORMAT.md describes the bytes. */
import type { Actor, AnyEvent, Field, Vocabulary } from '@devtrail/events'
import { ByteWriter } from './bytes.ts'
import { fieldsOf } from './check-event.ts'
import { DictionaryWriter } from './dictionary.ts'
import { FRAME_ALIGN } from './frame.ts'
import { writeInts } from './int-column.ts'
import { deviceBit, typeBit, type Summary } from './summary.ts'

/** Whole numbers; NaN is null. What is not set is 0. */
class Numbers {
  values = new Float64Array(16)
  length = 0
  /** Whether anything but 0 was ever set since the last block. */
  #isSet = false

  push(value: number): void {
    if (this.length === this.values.length) this.#grow()
    this.values[this.length++] = value
    this.#isSet = true
  }

  /** Sets the value of a place; those before it that were not set are 0. */
  set(place: number, value: number): void {
    while (place >= this.values.length) this.#grow()
    if (!this.#isSet) this.values.fill(0)
    this.values[place] = value
    this.#isSet = true
  }

  #grow(): void {
    const grown = new Float64Array(this.values.length * 4)
    grown.set(this.values)
    this.values = grown
  }

  write(out: ByteWriter): void {
    writeInts(out, this.values, this.length)
    this.length = 0
    this.#isSet = false
  }

  /** Writes a column of `n` places of which only some were set. */
  writeSparse(out: ByteWriter, n: number): void {
    if (!this.#isSet) {
      // All 0: width 0, base 0.
      out.u8(0)
      out.u8(0)
      return
    }
    while (n > this.values.length) this.#grow()
    this.length = n
    writeInts(out, this.values, n)
    this.values.fill(0, 0, n)
    this.length = 0
    this.#isSet = false
  }
}

const scratchWord = new BigUint64Array(1)
const scratchHalves = new Uint32Array(scratchWord.buffer)

const ACTOR_SLOTS = 64

type Storage = 'int' | 'word' | 'bool' | 'interned' | 'text' | 'enum'

/** How the values of a field kind lie in columns. */
export function storageOf(field: Field): Storage {
  switch (field.kind) {
    case 'u64':
      return 'word'
    case 'bool':
      return 'bool'
    case 'enum':
      return 'enum'
    case 'text':
      return 'text'
    case 'string':
    case 'pointer':
      return 'interned'
    default:
      return 'int'
  }
}

/** The values of one field of one event type. */
class FieldColumn {
  readonly name: string
  readonly storage: Storage
  readonly #values: readonly string[]
  readonly #numbers = new Numbers()
  /** High halves of 64-bit words. */
  readonly #high: Numbers | null
  #texts: string[] = []
  readonly #dictionary: DictionaryWriter
  #lastText: string | null = null
  #lastId = 0

  constructor(name: string, field: Field, dictionary: DictionaryWriter) {
    this.name = name
    this.storage = storageOf(field)
    this.#values = field.values ?? []
    this.#high = this.storage === 'word' ? new Numbers() : null
    this.#dictionary = dictionary
  }

  /** @returns about how many bytes it takes beyond a number. */
  push(value: unknown): number {
    const numbers = this.#numbers
    if (value === null || value === undefined) {
      numbers.push(this.storage === 'interned' ? 0 : Number.NaN)
      this.#high?.push(Number.NaN)
      return 0
    }
    switch (this.storage) {
      case 'int':
        numbers.push(value as number)
        return 0
      case 'word':
        scratchWord[0] = value as bigint
        numbers.push(scratchHalves[0]!)
        this.#high!.push(scratchHalves[1]!)
        return 0
      case 'bool':
        numbers.push(value === true ? 1 : 0)
        return 0
      case 'enum':
        numbers.push(this.#values.indexOf(value as string))
        return 0
      case 'interned': {
        const text = value as string
        if (text !== this.#lastText) {
          this.#lastId = this.#dictionary.string(text)
          this.#lastText = text
        }
        numbers.push(this.#lastId)
        return 0
      }
      case 'text':
      default:
        // Its place; the length is known when it is written.
        numbers.push(this.#texts.length)
        this.#texts.push(value as string)
        return (value as string).length
    }
  }

  write(out: ByteWriter): void {
    if (this.storage === 'text') {
      const bytes = new ByteWriter()
      const lengths = this.#numbers
      for (let i = 0; i < lengths.length; i++) {
        const place = lengths.values[i]!
        if (!Number.isNaN(place)) lengths.values[i] = bytes.text(this.#texts[place]!)
      }
      this.#texts = []
      lengths.write(out)
      out.varint(bytes.length)
      out.raw(bytes.written())
      return
    }
    this.#numbers.write(out)
    this.#high?.write(out)
  }
}

class TypeColumns {
  readonly id: number
  readonly columns: readonly FieldColumn[]
  count = 0
  /** Its number in the block, from 0. */
  local = 0

  constructor(id: number, columns: readonly FieldColumn[]) {
    this.id = id
    this.columns = columns
  }
}

/** A string column that is often absent, or the same as in the event before. */
class Interned {
  readonly #ids = new Numbers()
  readonly #dictionary: DictionaryWriter
  #lastText: string | null = null
  #lastId = 0

  constructor(dictionary: DictionaryWriter) {
    this.#dictionary = dictionary
  }

  set(place: number, text: string): void {
    if (text !== this.#lastText) {
      this.#lastId = this.#dictionary.string(text)
      this.#lastText = text
    }
    this.#ids.set(place, this.#lastId)
  }

  write(out: ByteWriter, n: number): void {
    this.#ids.writeSparse(out, n)
  }
}

const nullable = (value: number | null): number => (value === null ? Number.NaN : value)

/** One block's worth of events of a segment; used again for the next block. */
export class BlockBuilder {
  readonly #vocabulary: Vocabulary
  readonly #dictionary: DictionaryWriter
  readonly #types = new Map<string, TypeColumns>()
  #inBlock: TypeColumns[] = []
  readonly #type = new Numbers()
  readonly #time = new Numbers()
  readonly #device = new Numbers()
  readonly #cpu = new Numbers()
  readonly #actor = new Numbers()
  readonly #entry = new Numbers()
  readonly #context: Interned
  readonly #source: Interned
  readonly #where: Interned
  readonly #inferred = new Numbers()
  readonly #causeCount = new Numbers()
  readonly #cause = new Numbers()
  /** Whether each cause can be stored as the distance from its event. */
  #causesAreNear = true
  /** The actor last seen with a pid of each remainder. */
  readonly #actors: ({ readonly pid: number; readonly comm: string; readonly id: number } | undefined)[] = Array.from({
    length: ACTOR_SLOTS,
  })
  #deviceMask = 0
  /** Events taken since the last block. */
  count = 0
  lastSeq = 0
  /** About how many bytes they will take. */
  bytes = 0

  constructor(vocabulary: Vocabulary, dictionary = new DictionaryWriter()) {
    this.#vocabulary = vocabulary
    this.#dictionary = dictionary
    this.#context = new Interned(dictionary)
    this.#source = new Interned(dictionary)
    this.#where = new Interned(dictionary)
  }

  get causes(): number {
    return this.#cause.length
  }

  /** Takes an event in; it must be storable (`mustBeStorable`) and be the next in sequence. */
  add(event: AnyEvent): void {
    const type = this.#typeOf(event.type)
    if (type.count++ === 0) {
      type.local = this.#inBlock.length
      this.#inBlock.push(type)
    }
    const { device, data, cause } = event
    this.#type.push(type.local)
    this.#time.push(event.time)
    this.#device.push(nullable(device))
    this.#cpu.push(nullable(event.cpu))
    this.#actor.push(this.#actorId(event.actor))
    this.#entry.push(nullable(event.entry))
    const place = this.count
    const { context, source, where } = event
    if (context !== undefined) this.#context.set(place, context)
    if (source !== undefined) this.#source.set(place, source)
    if (where !== undefined) this.#where.set(place, where)
    if (event.inferred === true) this.#inferred.set(place, 1)
    if (cause.length > 0) {
      this.#causeCount.set(place, cause.length)
      this.#addCauses(event.seq, cause)
    }
    this.#deviceMask |= deviceBit(device)
    let bytes = 16
    for (const column of type.columns) bytes += 4 + column.push(data[column.name])
    this.bytes += bytes
    this.lastSeq = event.seq
    this.count++
  }

  #addCauses(seq: number, cause: readonly number[]): void {
    for (const c of cause) {
      this.#cause.push(c)
      if (!Number.isSafeInteger(seq - c)) this.#causesAreNear = false
    }
    this.bytes += cause.length * 4
  }

  #typeOf(name: string): TypeColumns {
    let type = this.#types.get(name)
    if (type === undefined) {
      const declaration = this.#vocabulary.get(name)
      const columns = fieldsOf(declaration).map(([field, f]) => new FieldColumn(field, f, this.#dictionary))
      type = new TypeColumns(this.#dictionary.type(name, declaration), columns)
      this.#types.set(name, type)
    }
    return type
  }

  #actorId(actor: Actor | null): number {
    if (actor === null) return 0
    const { pid, comm } = actor
    const slot = pid & (ACTOR_SLOTS - 1)
    const known = this.#actors[slot]
    if (known !== undefined && known.pid === pid && known.comm === comm) return known.id
    const id = this.#dictionary.actor(actor)
    this.#actors[slot] = { pid, comm, id }
    return id
  }

  /** Writes the block's body to `out`, from its current end, and starts the next block. */
  finish(out: ByteWriter): Summary {
    const additions = new ByteWriter()
    this.#dictionary.takeAdditions(additions)
    const summary = this.#summary()
    writeSummary(out, summary)
    out.varint(additions.length)
    out.raw(additions.written())
    out.varint(this.#inBlock.length)
    for (const { id } of this.#inBlock) out.varint(id)
    this.#writeEnvelopes(out)
    for (const type of this.#inBlock) {
      for (const column of type.columns) column.write(out)
      type.count = 0
    }
    out.align(FRAME_ALIGN)
    this.#inBlock = []
    this.#deviceMask = 0
    this.count = 0
    this.bytes = 0
    return summary
  }

  #summary(): Summary {
    let minTime = Infinity
    let maxTime = -Infinity
    let minEntry = Infinity
    let maxEntry = -Infinity
    for (let i = 0; i < this.count; i++) {
      const time = this.#time.values[i]!
      const entry = this.#entry.values[i]!
      if (time < minTime) minTime = time
      if (time > maxTime) maxTime = time
      if (entry < minEntry) minEntry = entry
      if (entry > maxEntry) maxEntry = entry
    }
    const entries = minEntry <= maxEntry ? { first: minEntry, last: maxEntry } : null
    let typeMask = 0
    for (const { id } of this.#inBlock) typeMask |= typeBit(id)
    return { minTime, maxTime, entries, deviceMask: this.#deviceMask >>> 0, typeMask: typeMask >>> 0 }
  }

  #writeEnvelopes(out: ByteWriter): void {
    this.#writeCauses(out)
    this.#type.write(out)
    this.#time.write(out)
    this.#device.write(out)
    this.#cpu.write(out)
    this.#actor.write(out)
    this.#entry.write(out)
    this.#context.write(out, this.count)
    this.#source.write(out, this.count)
    this.#where.write(out, this.count)
    this.#inferred.writeSparse(out, this.count)
  }

  #writeCauses(out: ByteWriter): void {
    const counts = this.#causeCount
    const causes = this.#cause
    const near = this.#causesAreNear
    if (near && causes.length > 0) {
      let next = 0
      for (let i = 0; i < this.count; i++) {
        const seq = Math.max(0, this.lastSeq - this.count + 1 + i)
        for (let left = counts.values[i]!; left > 0; left--, next++) causes.values[next] = seq - causes.values[next]!
      }
    }
    counts.writeSparse(out, this.count)
    out.u8(near ? 1 : 0)
    out.varint(causes.length)
    causes.write(out)
    this.#causesAreNear = true
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
