const SLAB_BYTES = 64 * 1024

/** Room for many small runs of bytes: made one by one, each is an allocation outside the heap. None is used again. */
export class Slab {
  #bytes = new Uint8Array(0)
  #used = 0

  /** `n` zeros of their own. */
  take(n: number): Uint8Array<ArrayBuffer> {
    if (n > SLAB_BYTES / 16) return new Uint8Array(n)
    if (this.#used + n > this.#bytes.length) {
      this.#bytes = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    this.#used += n
    return this.#bytes.subarray(this.#used - n, this.#used)
  }
}
