const SLAB_BYTES = 64 * 1024
/** Longer runs than this have memory of their own, which may come back. */
const SMALL_BYTES = SLAB_BYTES / 16
/** How much of it is kept for the next ones. */
const SPARE_BYTES_MAX = 8 * 1024 * 1024

/**
 * Room for runs of bytes: made one by one, each is an allocation outside the heap. Many small ones share theirs, which is never used
 * again; that of the others is, once it is given back.
 */
export class Slab {
  #bytes = new Uint8Array(0)
  #used = 0
  readonly #spare: ArrayBuffer[] = []
  #spareBytes = 0

  /** `n` bytes, whatever they are. */
  take(n: number): Uint8Array<ArrayBuffer> {
    if (n > SMALL_BYTES) return new Uint8Array(this.#large(n), 0, n)
    if (this.#used + n > this.#bytes.length) {
      this.#bytes = new Uint8Array(SLAB_BYTES)
      this.#used = 0
    }
    this.#used += n
    return this.#bytes.subarray(this.#used - n, this.#used)
  }

  #large(n: number): ArrayBuffer {
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= n)
    if (at < 0) return new ArrayBuffer(roundUp(n))
    const [spare] = this.#spare.splice(at, 1)
    this.#spareBytes -= spare!.byteLength
    return spare!
  }

  /** Takes back what `take` gave: nobody may look at it any more. */
  give({ buffer, length }: Uint8Array<ArrayBuffer>): void {
    if (length <= SMALL_BYTES || this.#spareBytes + buffer.byteLength > SPARE_BYTES_MAX) return
    this.#spare.push(buffer)
    this.#spareBytes += buffer.byteLength
  }
}

/** So that the next block, which is about as long, finds room in it. */
const roundUp = (n: number): number => Math.ceil((n * 1.25) / SLAB_BYTES) * SLAB_BYTES
