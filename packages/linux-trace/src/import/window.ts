import type { EntryBatch } from '../entries/batch.ts'
import { Row, RowTables } from '../entries/row.ts'
import type { Batches } from '../recording.ts'
import type { TraceItem } from '../text/reader.ts'
import type { TraceEntry } from '../text/entry.ts'

/** How many rows are read ahead: enough to see how a call went on before saying what it was. */
export const LOOKAHEAD_ROWS = 4096
/** How much text may be held for that: entries can be as long as a line. */
export const LOOKAHEAD_CHARS = 32 << 20

const charsOf = ({ chars, kept }: EntryBatch): number => chars + kept.length

/** Batches of entries and gaps that can be looked ahead in, within a named limit. */
export class Window {
  readonly #batchesOf: Batches
  readonly #source: AsyncIterator<EntryBatch>
  #reading: Promise<IteratorResult<EntryBatch, unknown>> | null = null
  readonly #seen: (batch: EntryBatch) => void
  readonly #kept: (bytes: Uint8Array) => void
  /** Bytes of the first batch's kept entries that were handed out. */
  #handedOut = 0
  readonly #tables = new RowTables()
  readonly #row = new Row(this.#tables)
  readonly #ahead = new Row(this.#tables)
  readonly #batches: EntryBatch[] = []
  /** The first of them. */
  #batch!: EntryBatch
  /** Place of the current row in the first batch; -1 before the first. */
  #at = -1
  #rows = 0
  #ended = false
  #chars = 0
  /** Rows that were read, in all. */
  #read = 0
  /** Of a live trace: what goes by until the rows up to `#ripeTo` have waited long enough for what follows them. */
  #ripening: Promise<void> | null = null
  #ripeTo = 0
  /** Rows, of all that were read, that may be gone through for now. */
  #until = Infinity

  /** `seen` is told of each batch as it is read, `kept` given the entries without effect as they are passed. */
  constructor(source: Batches, seen: (batch: EntryBatch) => void, kept: (bytes: Uint8Array) => void) {
    this.#kept = kept
    this.#batchesOf = source
    this.#source = source[Symbol.asyncIterator]()
    this.#seen = seen
  }

  /** Whether so little is left that more should be read before going on. */
  get isLow(): boolean {
    return !this.#ended && this.#rows < LOOKAHEAD_ROWS / 2
  }

  /** Whether all was read. */
  get hasEnded(): boolean {
    return this.#ended
  }

  /**
   * Reads ahead. `quiet`: of a live trace, for how long a row waits for those that follow it. However steadily more comes: then
   * those that have waited are gone through, and the others stay.
   * @returns false when it was given up for now.
   */
  async fill(quiet?: () => Promise<void>): Promise<boolean> {
    this.#until = Infinity
    while (!this.#ended && this.#rows < LOOKAHEAD_ROWS && this.#chars < LOOKAHEAD_CHARS) {
      this.#reading ??= this.#source.next()
      if (quiet !== undefined && !this.isEmpty) this.#ripen(quiet)
      // What has waited goes first: where there is always more to read, it would never be its turn.
      const next = await (this.#ripening === null ? this.#reading : Promise.race([this.#ripening, this.#reading]))
      if (next === undefined) {
        this.#ripening = null
        this.#until = this.#ripeTo
        return false
      }
      this.#reading = null
      if (next.done) {
        this.#ended = true
        return true
      }
      const batch = next.value
      this.#tables.add(batch)
      this.#seen(batch)
      this.#batches.push(batch)
      this.#rows += batch.rows
      this.#read += batch.rows
      this.#chars += charsOf(batch)
    }
    return true
  }

  #ripen(quiet: () => Promise<void>): void {
    if (this.#ripening !== null) return
    this.#ripeTo = this.#read
    this.#ripening = quiet()
  }

  /** How many of the rows that were read may be gone through for now. */
  get #ripe(): number {
    return this.#until - (this.#read - this.#rows)
  }

  /** Reads no more: whatever reads the trace may let go of it. While a piece is being read, that is not waited for. */
  async close(): Promise<void> {
    const closing = Promise.resolve(this.#source.return?.()).catch(() => {})
    if (this.#reading === null) await closing
    else this.#reading.catch(() => {})
  }

  /** Whether nothing that was read is left. */
  get isEmpty(): boolean {
    return this.#rows === 0
  }

  /** The batch of the current row, its place there, and how many rows from it on can be gone through before more should be read. */
  get stretch(): { readonly batch: EntryBatch; readonly at: number; readonly rows: number } {
    const rows = this.#batch.rows - this.#at
    const untilLow = this.#ended ? Infinity : this.#rows - LOOKAHEAD_ROWS / 2 + 2
    return { batch: this.#batch, at: this.#at, rows: Math.max(1, Math.min(rows, untilLow, this.#ripe + 1)) }
  }

  get tables(): RowTables {
    return this.#tables
  }

  /** Steps on to a later row of the same batch. */
  skip(rows: number): void {
    this.#at += rows
    this.#rows -= rows
  }

  /** Steps to the next row of those that were read. @returns false when there is none that may be gone through yet. */
  step(): boolean {
    if (this.#ripe <= 0) return false
    this.#at++
    while (this.#batches.length > 0) {
      this.#batch = this.#batches[0]!
      if (this.#at < this.#batch.rows) {
        this.#rows--
        return true
      }
      this.#handOut(this.#batch.kept.length)
      this.#chars -= charsOf(this.#batches.shift()!)
      this.#batchesOf.release?.(this.#batch)
      this.#handedOut = 0
      this.#at = 0
    }
    this.#at = -1
    return false
  }

  /** Hands out the kept entries of all entries before the current row. */
  handOutKept(): void {
    this.#handOut(this.#batch.keptBefore[this.#at]!)
  }

  #handOut(to: number): void {
    if (to > this.#handedOut) this.#kept(this.#batch.kept.subarray(this.#handedOut, to))
    this.#handedOut = to
  }

  /** The current row's entry or gap; null when it is a hit in the columns. */
  get item(): TraceItem | null {
    const batch = this.#batch
    const place = batch.item[this.#at]!
    return place < 0 ? null : batch.items[place]!
  }

  /** The current row, which must be a hit. */
  hit(): Row {
    return this.#row.turnTo(this.#batch, this.#at)
  }

  /** Of the current row: number and time of its entry, or of the last entry before a gap. */
  get number(): number {
    return this.#batch.number[this.#at]!
  }

  get time(): number {
    return this.#batch.time[this.#at]!
  }

  /** Entries still to come, up to the next gap or the window's end. They must not be kept. */
  *ahead(): Generator<TraceEntry> {
    for (let b = 0; b < this.#batches.length; b++) {
      const batch = this.#batches[b]!
      for (let row = b === 0 ? this.#at + 1 : 0; row < batch.rows; row++) {
        const place = batch.item[row]!
        const item = place < 0 ? null : batch.items[place]!
        if (item === null) yield this.#ahead.turnTo(batch, row)
        else if (item.kind !== 'entry') return
        else yield item.entry
      }
    }
  }
}
