import type { Coverage } from '../coverage.ts'
import type { TraceSummary } from '../text/summary.ts'
import type { GapReason } from './context.ts'

/** What a recording lacks, as far as it tells. */
export class Losses {
  readonly #trace: TraceSummary
  readonly #coverage: Pick<Coverage, 'missedHits' | 'endMissed'>
  #lost: number | null = 0
  /** Of those that buffers lost: how many have a gap. */
  #placed = 0
  #notFollowed = 0
  #announced = 0

  readonly #counted: number

  /** `counted`: what the kernel's counts say that all buffers lost. */
  constructor(trace: TraceSummary, coverage: Pick<Coverage, 'missedHits' | 'endMissed'>, counted: number) {
    this.#trace = trace
    this.#coverage = coverage
    this.#counted = counted
  }

  /** Entries that are known to be lost without a gap for them. */
  get unplaced(): number {
    const { inBuffer, written } = this.#trace
    const announced = inBuffer === null || written === null ? 0 : written - inBuffer
    return this.#lost === null ? 0 : Math.max(0, announced - this.#placed, this.#counted - this.#placed)
  }

  gap(reason: GapReason, lost: number | null): void {
    if (reason === 'overwritten' || reason === 'lost') this.#placed += lost ?? 0
    // Where a CPU's buffer starts later than the first says that entries are missing, not that more of them are.
    if (lost !== null && this.#lost !== null) this.#lost += lost
    else if (reason !== 'overwritten') this.#lost = null
  }

  /** Entries that the trace should have, by whatever tells. */
  announce(entries: number): void {
    this.#announced = entries
  }

  /** An entry is there and cannot be followed. */
  entryNotFollowed(): void {
    this.#notFollowed++
    this.gap('unreadable', 1)
  }

  get notFollowed(): number {
    return this.#notFollowed
  }

  /** Entries that are missing; null when some are and nobody can say how many, or when nothing says whether any are. */
  get lost(): number | null {
    if (this.#lost === null) return null
    const lost = this.#lost + this.unplaced
    return this.#trace.inBuffer === null && lost === 0 ? null : lost
  }

  /** What is not there, or not known to be, in a few words each. */
  get lacks(): string[] {
    const { entries, inBuffer, written, isUncounted, unparsed } = this.#trace
    const isUnannounced = inBuffer === null || isUncounted
    return [
      ...(isUnannounced ? ['no header says how many entries there were'] : []),
      ...(entries < this.#expected ? ['its end is missing'] : []),
      ...(!isUnannounced && entries > this.#expected ? ['there are more entries than its header announces'] : []),
      ...((written ?? 0) < (inBuffer ?? 0) ? ['its header announces more entries than were written'] : []),
      ...(this.#placed > 0 || this.unplaced > 0 || this.#lost === null ? ['entries were lost'] : []),
      ...(unparsed > 0 ? ['lines could not be read'] : []),
      ...(this.#notFollowed > 0 ? ['entries could not be followed'] : []),
      ...(this.#coverage.missedHits.length > 0 ? ['probes missed hits'] : []),
    ]
  }

  get #expected(): number {
    return Math.max(this.#trace.inBuffer ?? 0, this.#announced)
  }

  /** Whether nothing is missing at the end, whatever was lost before the first entry or between two. */
  get endIsWhole(): boolean {
    const { entries, inBuffer, isUncounted, unparsed } = this.#trace
    return (
      inBuffer !== null &&
      !isUncounted &&
      entries >= this.#expected &&
      unparsed === 0 &&
      this.#notFollowed === 0 &&
      !this.#coverage.endMissed &&
      this.unplaced === 0
    )
  }

  /** Whether nothing is missing from the recording's beginning to its end. */
  get none(): boolean {
    return this.lacks.length === 0
  }
}
