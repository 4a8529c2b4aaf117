/** One entry of a batch at a glance: an object that is pointed at row after row, and must not be kept. */
import type { Actor } from '@devtrail/events'
import type { Fields, ProbeHit } from '../probe-hit.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { EntryBatch } from './batch.ts'
import { pointerText } from './pointer-text.ts'
import type { HitShape } from './shape.ts'

/** The tables that batches add to, by the numbers in their columns. */
export class RowTables {
  readonly tasks: Actor[] = []
  readonly contexts: string[] = []
  readonly shapes: RowShape[] = []

  add({ newTasks, newContexts, newShapes }: EntryBatch): void {
    this.tasks.push(...newTasks)
    this.contexts.push(...newContexts)
    for (const shape of newShapes) this.shapes.push(new RowShape(shape, this.shapes.length))
  }
}

/** A shape with its fields found by name. */
export class RowShape {
  readonly shape: HitShape
  readonly id: number
  readonly slots: ReadonlyMap<string, number>

  constructor(shape: HitShape, id: number) {
    this.shape = shape
    this.id = id
    this.slots = new Map(shape.names.map((name, i) => [name, i]))
  }
}

/** An entry of a batch that is a probe's hit. */
export class Row implements TraceEntry, ProbeHit, Fields {
  readonly #tables: RowTables
  #batch!: EntryBatch
  #shape!: RowShape
  #slots!: ReadonlyMap<string, number>
  #row = 0
  #at = 0
  number = 0
  line = 0
  time = 0
  cpu = 0
  task!: Actor
  context = ''
  event = ''
  symbol = ''
  edge: 'enter' | 'return' = 'enter'
  caller: string | null = null
  where = ''

  constructor(tables: RowTables) {
    this.#tables = tables
  }

  /** Points at a row of a batch; it must be a hit's. */
  turnTo(batch: EntryBatch, row: number): this {
    const tables = this.#tables
    const shape = tables.shapes[batch.shape[row]!]!
    this.#batch = batch
    this.#row = row
    this.#at = batch.at[row]!
    this.number = batch.number[row]!
    this.line = batch.line[row]!
    this.time = batch.time[row]!
    this.cpu = batch.cpu[row]!
    this.task = tables.tasks[batch.task[row]!]!
    this.context = tables.contexts[batch.context[row]!]!
    if (shape === this.#shape) return this
    this.#shape = shape
    this.#slots = shape.slots
    this.event = shape.shape.event
    this.symbol = shape.shape.symbol
    this.edge = shape.shape.edge
    this.caller = shape.shape.caller
    this.where = shape.shape.where
    return this
  }

  get pid(): number {
    return this.task.pid
  }

  get comm(): string {
    return this.task.comm
  }

  get shapeId(): number {
    return this.#shape.id
  }

  get shape(): RowShape {
    return this.#shape
  }

  get fields(): Fields {
    return this
  }

  /** The entry as it was printed after the event's name. */
  get body(): string {
    const { where, printed, names } = this.#shape.shape
    return [`(${where})`, ...printed.map((name, i) => `${name}=${this.get(names[i]!)}`)].join(' ')
  }

  has(name: string): boolean {
    return this.#slots.has(name)
  }

  get(name: string): string | undefined {
    const slot = this.#slots.get(name)
    if (slot === undefined) return undefined
    const value = this.#big(slot)
    return (this.#batch.form[this.#row]! >>> slot) & 1
      ? `0x${value.toString(16)}`
      : String(this.#isNegative(slot) ? BigInt.asIntN(64, value) : value)
  }

  word(name: string, into: Uint32Array): boolean {
    const slot = this.#slots.get(name)
    if (slot === undefined) return false
    const { words } = this.#batch
    const at = this.#at + slot * 2
    into[0] = words[at]!
    into[1] = words[at + 1]!
    return true
  }

  u64(name: string): bigint | null {
    const slot = this.#slots.get(name)
    return slot === undefined ? null : this.#big(slot)
  }

  int(name: string): number | null {
    const slot = this.#slots.get(name)
    if (slot === undefined) return null
    const { words } = this.#batch
    const at = this.#at + slot * 2
    const low = words[at]!
    const high = words[at + 1]!
    if (high === 0) return low
    const value = this.#isNegative(slot) ? (high | 0) * 2 ** 32 + low : high * 2 ** 32 + low
    return Number.isSafeInteger(value) ? value : null
  }

  pointer(name: string): string | null {
    const slot = this.#slots.get(name)
    if (slot === undefined) return null
    const { words } = this.#batch
    const at = this.#at + slot * 2
    const low = words[at]!
    const high = words[at + 1]!
    return low === 0 && high === 0 ? null : pointerText(high, low)
  }

  string(name: string): string | null {
    return this.get(name) ?? null
  }

  #big(slot: number): bigint {
    const { words } = this.#batch
    const at = this.#at + slot * 2
    return (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]!)
  }

  #isNegative(slot: number): boolean {
    return ((this.#batch.form[this.#row]! >>> (16 + slot)) & 1) === 1
  }
}
