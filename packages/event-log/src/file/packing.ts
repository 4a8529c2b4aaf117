/**
 * Blocks of a log that nobody sees before it is published: stored compressed at once, several beside each other, and put to the output in
 * order. What failed once fails for all that follow.
 */
import { packed } from '../codec/compression.ts'
import { IO_BYTES } from '../limits.ts'
import type { NewBody, SegmentMaker } from './segment-maker.ts'
import type { SegmentOutput } from './segment-output.ts'
import type { Compress } from './zstd.ts'

/** Blocks that may be under way. */
const AHEAD_MAX = 8

export class Packing {
  readonly #output: SegmentOutput
  readonly #compress: Compress
  /** Called with the memory of a body that is packed. */
  readonly #packed: (bytes: Uint8Array<ArrayBuffer>) => void
  #last: Promise<unknown> = Promise.resolve()
  readonly #underWay: Promise<unknown>[] = []

  constructor(output: SegmentOutput, compress: Compress, done: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#output = output
    this.#compress = compress
    this.#packed = done
  }

  /** @returns what is to be waited for before there is a next one, so that not too many are under way; null: nothing. */
  add(segment: SegmentMaker, body: NewBody): Promise<unknown> | null {
    const compressing = this.#compress(body.bytes)
    compressing.catch(() => {})
    void this.#then(async () => {
      const stored = packed(await compressing, body.bytes.length)
      this.#output.put(segment.framed(body, stored))
      this.#packed(body.bytes)
      if (this.#output.pendingBytes >= IO_BYTES) await this.#output.write()
    })
    this.#underWay.push(this.#last)
    return this.#underWay.length > AHEAD_MAX ? this.#underWay.shift()! : null
  }

  /** Begins something when all blocks so far are with the output; blocks that come later wait until it has begun. */
  after<T>(job: () => Promise<T>): Promise<T> {
    // In an object, so that it is not waited for.
    const begun = this.#then(async () => ({ running: job() }))
    return told(begun.then(({ running }) => running))
  }

  #then<T>(job: () => Promise<T>): Promise<T> {
    const done = told(this.#last.then(job))
    this.#last = done
    return done
  }
}

/** A promise that fails for those only who wait for it, or for what follows. */
function told<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
