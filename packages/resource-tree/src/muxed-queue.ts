/**
 * Who waits for a MUXED region to be released (`muxed_resource_wait`). The kernel has one queue for all trees: hand one to
 * each of them to have the same. A release wakes all of them, and each looks again.
 */
export class MuxedQueue {
  #waiting: (() => void)[] = []

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Resolves at the next wake. */
  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  wake(): void {
    const woken = this.#waiting
    this.#waiting = []
    for (const resolve of woken) resolve()
  }
}
