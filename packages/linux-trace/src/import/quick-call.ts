import type { Pagemap } from '@devtrail/memremap'
import type { Frame } from './frame.ts'

export type Grab = 'get' | 'pin' | null

/**
 * A call that a task has entered, in numbers: for calls that nearly always return with the task's next entry. If they do not, it
 * becomes a frame like all others.
 */
export class QuickCall {
  /** Null: the task is in none. */
  symbol: string | null = null
  isLookup = false
  seq = 0
  pfn: number | null = null
  /** Of a lookup: halves of the pagemap that the caller still held. */
  cachedHigh = 0
  cachedLow = 0
  /** Of a grab. */
  pagemap: Pagemap | null = null
  before: number | null = null
  refs = 0
  kind: Grab = null
  head: number | null = null

  /** It as a frame, which is put to the task's others; `text`: of a pointer. */
  settle(frames: Frame[], text: (high: number, low: number) => string): void {
    const { symbol, seq, pfn, pagemap, before, refs, kind, head, cachedHigh, cachedLow } = this
    if (symbol === null) return
    const cached = cachedHigh === 0 && cachedLow === 0 ? null : text(cachedHigh, cachedLow)
    const data = this.isLookup ? { pfn, cached } : { pfn, pagemap: pagemap?.id ?? null, before, refs, kind, head }
    frames.push({ symbol, seq, cause: [seq], device: null, doubtful: false, data })
    this.symbol = null
  }
}
