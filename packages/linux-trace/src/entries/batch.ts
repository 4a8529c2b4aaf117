/**
 * Entries of a trace as columns. What comes often, hits of probes that fetch numbers only, stands in the columns; every
 * other entry and every gap is an object in `items`. All of it is plain data, so that a batch can be handed to another thread.
 */
import type { Actor } from '@devtrail/events'
import type { TraceItem } from '../text/reader.ts'
import { KeptWriter } from './kept-writer.ts'
import type { HitShape } from './shape.ts'

/** Rows of one batch at most. */
export const BATCH_ROWS = 4096
/** A clock that drops by more than this (ns) is another boot's: those of CPUs that are out of step differ by less. */
const REBOOT_NANOS = 1e9

/** Bytes of kept entries after which a batch ends. */
const KEPT_BYTES = 1 << 20
/** Text of items after which a batch ends: entries can be as long as a line. */
const ITEM_CHARS = 4 << 20

/** An entry at which the clock begins anew, and its times before and there, in nanoseconds. */
export interface Reboot {
  readonly number: number
  readonly from: number
  readonly to: number
}

export interface EntryBatch {
  readonly rows: number
  /** Place in `items`; -1 for a hit in the columns. */
  readonly item: Int32Array
  readonly items: readonly TraceItem[]
  /** Characters of their bodies. */
  readonly chars: number
  /** Number of the entry; of a gap, that of the last entry before it. */
  readonly number: Float64Array
  /** Line of the file it begins at; 0 where there are no lines. */
  readonly line: Float64Array
  /** Nanoseconds; of a gap, the time of the last entry before it. */
  readonly time: Float64Array
  readonly cpu: Uint32Array
  /** Places in the tables that the batches up to this one add to. */
  readonly task: Uint32Array
  readonly context: Uint32Array
  readonly shape: Uint32Array
  /** Where the entry's fields begin in `words`. */
  readonly at: Uint32Array
  /** Bit i: field i is printed as hexadecimal; bit 16 + i: it is a negative number. */
  readonly form: Uint32Array
  /** Bytes of {@link kept} that stand before the row. */
  readonly keptBefore: Uint32Array
  /** Two halves of each field, the lower first. */
  readonly words: Uint32Array
  readonly newTasks: readonly Actor[]
  readonly newContexts: readonly string[]
  readonly newShapes: readonly HitShape[]
  /** Entries that change nothing (see `KeptReader`), and how many of each event. */
  readonly kept: Uint8Array
  readonly keptEvents: ReadonlyMap<string, number>
}

/** One row may bring a gap with it. */
const ROOM = BATCH_ROWS + 1

/** How many entries without effect there are of an event in the batch at hand. */
export class KeptCount {
  readonly event: string
  n = 0

  constructor(event: string) {
    this.event = event
  }
}

/** Gathers entries into batches. */
export class BatchBuilder {
  #rows = 0
  #item = new Int32Array(ROOM)
  #items: TraceItem[] = []
  #number = new Float64Array(ROOM)
  #line = new Float64Array(ROOM)
  #time = new Float64Array(ROOM)
  #cpu = new Uint32Array(ROOM)
  #task = new Uint32Array(ROOM)
  #context = new Uint32Array(ROOM)
  #shape = new Uint32Array(ROOM)
  #at = new Uint32Array(ROOM)
  #form = new Uint32Array(ROOM)
  #keptBefore = new Uint32Array(ROOM)
  #words = new Uint32Array(BATCH_ROWS * 16)
  #wordCount = 0
  #itemChars = 0
  /** Where entries without effect are to be put; each is then told with {@link countKept}. */
  readonly kept = new KeptWriter()
  #keptCounts: KeptCount[] = []
  #newTasks: Actor[] = []
  #newContexts: string[] = []
  #newShapes: HitShape[] = []
  #last = 0
  readonly #reboots: Reboot[] = []
  #tasks = 0
  #contexts = 0
  #shapes = 0

  get isEmpty(): boolean {
    return this.#rows === 0 && this.kept.length === 0
  }

  get isFull(): boolean {
    return this.#rows >= BATCH_ROWS || this.kept.length >= KEPT_BYTES || this.#itemChars >= ITEM_CHARS
  }

  addTask(task: Actor): number {
    this.#newTasks.push(task)
    return this.#tasks++
  }

  addContext(context: string): number {
    this.#newContexts.push(context)
    return this.#contexts++
  }

  addShape(shape: HitShape): number {
    this.#newShapes.push(shape)
    return this.#shapes++
  }

  /** Room for the fields of the next hit: where they begin in {@link words}. */
  reserve(fields: number): number {
    const at = this.#wordCount
    if (at + fields * 2 > this.#words.length) {
      const more = new Uint32Array(this.#words.length * 2)
      more.set(this.#words)
      this.#words = more
    }
    return at
  }

  get words(): Uint32Array {
    return this.#words
  }

  /** Adds a hit whose `fields` were written to {@link words} from `at` on. */
  hit(
    number: number,
    line: number,
    time: number,
    cpu: number,
    task: number,
    context: number,
    shape: number,
    form: number,
    fields: number,
  ): void {
    this.#seeClock(number, time)
    const row = this.#rows++
    this.#item[row] = -1
    this.#number[row] = number
    this.#line[row] = line
    this.#time[row] = time
    this.#cpu[row] = cpu
    this.#task[row] = task
    this.#context[row] = context
    this.#shape[row] = shape
    this.#at[row] = this.#wordCount
    this.#form[row] = form
    this.#keptBefore[row] = this.kept.length
    this.#wordCount += fields * 2
  }

  /** Adds a gap before an entry at which the clock begins anew: what was known is of the boot before. */
  #seeClock(number: number, time: number): void {
    if (time < this.#last - REBOOT_NANOS) {
      this.add({ kind: 'gap', reason: 'lost', lost: null, cpu: null, line: 0 }, number - 1, this.#last)
      this.#reboots.push({ number, from: this.#last, to: time })
    }
    this.#last = time
  }

  /** Where the clock began anew so far. */
  get reboots(): readonly Reboot[] {
    return this.#reboots
  }

  /** Adds an entry as it is, or a gap; `number` and `time` are those of the last entry up to it. */
  add(item: TraceItem, number: number, time: number): void {
    if (item.kind === 'entry') this.#seeClock(number, time)
    const row = this.#rows++
    this.#item[row] = this.#items.length
    this.#items.push(item)
    this.#number[row] = number
    this.#time[row] = time
    this.#keptBefore[row] = this.kept.length
    if (item.kind === 'entry') this.#itemChars += item.entry.body.length
  }

  /** Says that one more entry of an event was put to {@link kept}. */
  countKept(count: KeptCount): void {
    if (count.n++ === 0) this.#keptCounts.push(count)
  }

  /** What was gathered, as a batch; starts the next one. */
  take(): EntryBatch {
    const batch: EntryBatch = {
      rows: this.#rows,
      item: this.#item.slice(0, this.#rows),
      items: this.#items,
      chars: this.#itemChars,
      number: this.#number.slice(0, this.#rows),
      line: this.#line.slice(0, this.#rows),
      time: this.#time.slice(0, this.#rows),
      cpu: this.#cpu.slice(0, this.#rows),
      task: this.#task.slice(0, this.#rows),
      context: this.#context.slice(0, this.#rows),
      shape: this.#shape.slice(0, this.#rows),
      at: this.#at.slice(0, this.#rows),
      form: this.#form.slice(0, this.#rows),
      keptBefore: this.#keptBefore.slice(0, this.#rows),
      words: this.#words.slice(0, this.#wordCount),
      newTasks: this.#newTasks,
      newContexts: this.#newContexts,
      newShapes: this.#newShapes,
      kept: this.kept.take(),
      keptEvents: new Map(this.#keptCounts.map(({ event, n }) => [event, n])),
    }
    this.#rows = 0
    this.#wordCount = 0
    this.#itemChars = 0
    this.#items = []
    this.#newTasks = []
    this.#newContexts = []
    this.#newShapes = []
    for (const count of this.#keptCounts) count.n = 0
    this.#keptCounts = []
    return batch
  }
}
