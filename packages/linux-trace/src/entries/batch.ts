/**
 * Entries of a trace as columns. What comes often, hits of probes that fetch numbers only, stands in the columns; every
 * other entry and every gap is an object in `items`. All of it is plain data, so that a batch can be handed to another thread.
 */
import type { Actor } from '@devtrail/events'
import type { TraceItem } from '../text/reader.ts'
import { BATCH_ROWS, ColumnPool, fewRows, type Columns } from './columns.ts'
import { KeptWriter } from './kept-writer.ts'
import type { HitShape } from './shape.ts'

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

export interface EntryBatch extends Readonly<Columns> {
  readonly rows: number
  readonly items: readonly TraceItem[]
  /** Characters of their bodies. */
  readonly chars: number
  readonly newTasks: readonly Actor[]
  readonly newContexts: readonly string[]
  readonly newShapes: readonly HitShape[]
  /** Entries that change nothing (see `KeptReader`), and how many of each event. */
  readonly kept: Uint8Array
  readonly keptEvents: ReadonlyMap<string, number>
}

/** Rows of a batch that is worth buffers of its own. */
const MANY_ROWS = BATCH_ROWS / 4
/** Bytes of kept entries that are worth their memory. */
const MANY_BYTES = 1 << 14

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
  readonly #pool: ColumnPool
  #rows = 0
  #items: TraceItem[] = []
  #columns: Columns
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

  constructor(pool: ColumnPool = new ColumnPool()) {
    this.#pool = pool
    this.#columns = pool.take()
  }

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
    const { words } = this.#columns
    if (at + fields * 2 > words.length) {
      this.#columns.words = new Uint32Array(words.length * 2)
      this.#columns.words.set(words)
    }
    return at
  }

  get words(): Uint32Array {
    return this.#columns.words
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
    const c = this.#columns
    c.item[row] = -1
    c.number[row] = number
    c.line[row] = line
    c.time[row] = time
    c.cpu[row] = cpu
    c.task[row] = task
    c.context[row] = context
    c.shape[row] = shape
    c.at[row] = this.#wordCount
    c.form[row] = form
    c.keptBefore[row] = this.kept.length
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
    const c = this.#columns
    c.item[row] = this.#items.length
    this.#items.push(item)
    c.number[row] = number
    c.time[row] = time
    c.keptBefore[row] = this.kept.length
    if (item.kind === 'entry') this.#itemChars += item.entry.body.length
  }

  /** Says that one more entry of an event was put to {@link kept}. */
  countKept(count: KeptCount): void {
    if (count.n++ === 0) this.#keptCounts.push(count)
  }

  /** What was gathered, as a batch; starts the next one. */
  take(): EntryBatch {
    const isMany = this.#rows >= MANY_ROWS
    const batch: EntryBatch = {
      rows: this.#rows,
      items: this.#items,
      chars: this.#itemChars,
      ...(isMany ? this.#columns : fewRows(this.#columns, this.#rows, this.#wordCount)),
      newTasks: this.#newTasks,
      newContexts: this.#newContexts,
      newShapes: this.#newShapes,
      kept: isMany && this.kept.length >= MANY_BYTES ? this.kept.handOver(this.#pool.takeBytes()) : this.kept.take(),
      keptEvents: new Map(this.#keptCounts.map(({ event, n }) => [event, n])),
    }
    if (isMany) this.#columns = this.#pool.take()
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
