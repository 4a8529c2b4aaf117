import { firstSeqOf, type BlockInfo, type SegmentStart } from './codec/segment.ts'
import { expectedAfter, follows } from './sequence.ts'
import type { Fault } from './errors.ts'

/** Whether each block follows the one before: events that went missing whole are damage, too. */
export class Chain {
  /** Null: not known what comes before. */
  #index: number | null = null
  lastSeq = 0
  #isBroken = false

  /** Something between the blocks is damaged, and was told. */
  broken(): void {
    this.#isBroken = true
  }

  /** A segment starts, whose header says what comes before it. */
  enter(start: SegmentStart | null): void {
    if (start === null || this.#index !== null || this.#isBroken) return
    this.#index = start.firstIndex
    this.lastSeq = start.lastSeq
  }

  follow(block: Pick<BlockInfo, 'firstIndex' | 'count' | 'lastSeq'>): Fault | null {
    const { firstIndex, count, lastSeq } = block
    const [index, last] = [this.#index, this.lastSeq]
    const isKnown = !this.#isBroken && index !== null
    this.#index = firstIndex + count
    this.lastSeq = lastSeq
    this.#isBroken = false
    if (!isKnown) return null
    if (firstIndex !== index) return { expected: `event ${index} of the log`, found: `event ${firstIndex}` }
    const first = firstSeqOf(block)
    return follows(last, first) ? null : { expected: expectedAfter(last), found: `seq ${first}` }
  }
}
