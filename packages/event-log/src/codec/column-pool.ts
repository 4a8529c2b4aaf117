/** Memory for the decoded columns of one block, used again for the next: making and clearing it anew would cost more than decoding. */
export class ColumnPool {
  #memory = new Float64Array(0)
  #used = 0
  #wanted = 0

  /** Room for `n` numbers, whatever they are now. Valid until `reset`. */
  take(n: number): Float64Array {
    this.#wanted += n
    if (this.#used + n > this.#memory.length) return new Float64Array(n)
    const taken = this.#memory.subarray(this.#used, this.#used + n)
    this.#used += n
    return taken
  }

  /** What was taken may be handed out again. */
  reset(): void {
    if (this.#wanted > this.#memory.length) this.#memory = new Float64Array(this.#wanted)
    this.#used = 0
    this.#wanted = 0
  }
}
