import type { TimelineWindow } from '@devtrail/survey'
import type { Opened, ScanState } from '../protocol.ts'

/** Which event was when: exact where the log was read event by event, else by the index between known points. */
export class Clock {
  readonly #seqs: number[] = []
  readonly #times: number[] = []

  /** @param window events that are known one by one. */
  constructor(opened: Opened, scan: ScanState | null, window: TimelineWindow | null = null) {
    let closely = window
    const addWindow = (): void => {
      for (const [i, time] of closely?.times.entries() ?? []) this.#add(closely!.from + i, time)
      closely = null
    }
    if (scan !== null) {
      for (let bin = 0; bin < scan.binTimes.length - 1; bin++) {
        const seq = bin * scan.binEvents + scan.firstSeq
        if (closely !== null && seq >= closely.from) addWindow()
        this.#add(seq, scan.binTimes[bin]!)
      }
      addWindow()
      this.#add(scan.upTo, scan.binTimes.at(-1)!)
    }
    const last = this.#seqs.at(-1) ?? 0
    for (const { firstSeq, lastSeq, minTime, maxTime } of opened.blocks) {
      if (firstSeq > last) this.#add(firstSeq, minTime)
      if (lastSeq > last) this.#add(lastSeq, maxTime)
    }
  }

  #add(seq: number, time: number): void {
    if (seq <= (this.#seqs.at(-1) ?? 0)) return
    this.#seqs.push(seq)
    // Where clocks were merged, times may run backwards: what is drawn does not.
    this.#times.push(Math.max(time, this.#times.at(-1) ?? -Infinity))
  }

  timeOf(seq: number): number {
    return between(this.#seqs, this.#times, seq)
  }

  /** The last event not later than a time; 0: none. */
  seqAt(time: number): number {
    const first = this.#times[0]
    if (first === undefined || time < first) return 0
    return Math.floor(between(this.#times, this.#seqs, time) + 1e-6)
  }
}

/** Place of the last element up to a value; −1: none. */
export function lastUpTo(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

function between(from: readonly number[], to: readonly number[], value: number): number {
  if (from.length === 0) return 0
  const i = lastUpTo(from, value)
  if (i < 0) return to[0]!
  if (i === from.length - 1) return to[i]!
  const part = (value - from[i]!) / (from[i + 1]! - from[i]!)
  const step = to[i + 1]! - to[i]!
  // Between two events that follow each other there is none.
  return step === 1 ? to[i]! : to[i]! + step * part
}
