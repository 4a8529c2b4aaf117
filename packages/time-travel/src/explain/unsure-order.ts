/**
 * What events of several hosts do to one value: where clocks do not tell their order, neither is it known what the value was in
 * between. A change is held back until no event can come any more that may have happened before it.
 */
import type { HostId } from '@devtrail/events'
import type { HostClocks } from '../hosts/clocks.ts'

/** Changes of which the order is not known. */
export interface UnsureStretch {
  readonly first: number
  readonly last: number
}

interface Held<T> {
  readonly seq: number
  readonly host: HostId
  readonly earliest: number
  readonly latest: number
  readonly payload: T
  isUnsure: boolean
}

/** Held back at most; of more nothing is known any longer. */
export const HELD_MAX = 10_000

export class UnsureOrder<T> {
  readonly #clocks: HostClocks
  readonly #most: number
  readonly #onSettled: (payload: T, isSure: boolean) => void
  #held: Held<T>[] = []
  #now = -Infinity
  #isLost = false
  #stretch: { first: number; last: number } | null = null

  /** `onSettled` is told of each change, in the order of the log. */
  constructor(clocks: HostClocks, onSettled: (payload: T, isSure: boolean) => void) {
    this.#clocks = clocks
    this.#most = clocks.mostUncertain
    this.#onSettled = onSettled
  }

  /** From the first to the last change so far of which the place is not known; null: of all it is. */
  get stretch(): UnsureStretch | null {
    return this.#stretch
  }

  /** An event of a host may have changed the value. */
  see(seq: number, host: HostId, time: number, payload: T): void {
    const uncertainty = this.#clocks.at(host, seq)?.uncertainty ?? Infinity
    const held: Held<T> = { seq, host, earliest: time - uncertainty, latest: time + uncertainty, payload, isUnsure: this.#isLost }
    for (const other of this.#held) {
      if (other.host === host || other.latest < held.earliest || other.earliest > held.latest) continue
      other.isUnsure = true
      held.isUnsure = true
    }
    this.#held.push(held)
    this.#now = Math.max(this.#now, time)
    if (this.#held.length > HELD_MAX) {
      this.#isLost = true
      for (const each of this.#held) each.isUnsure = true
      this.#settle(this.#held.length)
    } else if (this.#isLost) this.#settle(this.#held.length)
    else {
      // Whatever comes now happened at this time, less what its clock may be off.
      const next = this.#held.findIndex(({ latest }) => latest >= this.#now - this.#most)
      if (next > 0) this.#settle(next)
    }
  }

  /** Nothing comes any more. */
  end(): void {
    this.#settle(this.#held.length)
  }

  #settle(count: number): void {
    for (const { seq, payload, isUnsure } of this.#held.splice(0, count)) {
      if (isUnsure) this.#stretch = { first: this.#stretch?.first ?? seq, last: seq }
      this.#onSettled(payload, !isUnsure)
    }
  }
}
