/**
 * What a namespace's bytes are kept on. It has the three operations of persistent memory: a store is lost in a power
 * failure until its cache lines were flushed and a fence came after that. `store32` and `store64` are aligned and never
 * torn; what `store` writes may be, between any two aligned 8-byte words.
 *
 * The kernel writes through `rw_bytes`, each call of which is durable when it returns; that is `put` and its like.
 */

/** Bytes of a cache line: what a flush is about. */
export const LINE_BYTES = 64

export interface Medium {
  /** Bytes. */
  readonly size: number
  /** Its bytes, of one that keeps them in memory where what is stored is durable at once: for who stores so often that a call is dear. */
  readonly memory?: Uint8Array | undefined
  /** Fills `into` with what is at byte `at`. */
  load(at: number, into: Uint8Array): void
  /** The little-endian 32-bit word at `at`, a multiple of 4; unsigned. */
  load32(at: number): number
  store(at: number, from: Uint8Array): void
  /** `at`: a multiple of 4. */
  store32(at: number, word: number): void
  /** Two words as one; `at`: a multiple of 8. */
  store64(at: number, low: number, high: number): void
  /** Stores zeros. */
  zero(at: number, length: number): void
  /** Writes back the cache lines of a range, as clwb. */
  flush(at: number, length: number): void
  /** Waits for the flushes before it, as sfence. */
  fence(): void
  /** Whether a range has a bad block: loads of it fail, and a store may mend it. */
  readonly isBad?: ((at: number, length: number) => boolean) | undefined
}

/** A medium that could not do what was asked of it: a bad block, a failing file, a place beyond its end. */
export class MediumError extends Error {
  override readonly name = 'MediumError'
  /** Byte of the medium. */
  readonly at: number
  readonly length: number

  constructor(what: string, at: number, length: number, options?: ErrorOptions) {
    super(`${what}: ${length} bytes at byte ${at}`, options)
    this.at = at
    this.length = length
  }
}

/** @throws MediumError when a range is not within the medium. */
export function assertWithin(medium: Pick<Medium, 'size'>, at: number, length: number): void {
  if (!(at >= 0 && length >= 0 && at + length <= medium.size))
    throw new MediumError(`beyond the ${medium.size} bytes there are`, at, length)
}

export function put(medium: Medium, at: number, from: Uint8Array): void {
  medium.store(at, from)
  medium.flush(at, from.length)
  medium.fence()
}

export function put32(medium: Medium, at: number, word: number): void {
  medium.store32(at, word)
  medium.flush(at, 4)
  medium.fence()
}

export function put64(medium: Medium, at: number, low: number, high: number): void {
  medium.store64(at, low, high)
  medium.flush(at, 8)
  medium.fence()
}

export function putZeros(medium: Medium, at: number, length: number): void {
  medium.zero(at, length)
  medium.flush(at, length)
  medium.fence()
}

/** The bytes at `at`, as a copy. */
export function loaded(medium: Medium, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  medium.load(at, bytes)
  return bytes
}
