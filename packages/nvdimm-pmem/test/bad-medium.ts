import { MemoryMedium } from '../src/media/memory-medium.ts'
import { MediumError } from '../src/media/medium.ts'

const BAD_BLOCK_BYTES = 512

/** A medium with bad blocks: loads of them fail, and a whole store over one mends it, where the medium can. */
export class BadMedium extends MemoryMedium {
  readonly bad = new Set<number>()
  mends = true

  override load(at: number, into: Uint8Array): void {
    if (this.isBad(at, into.length)) throw new MediumError('bad block', at, into.length)
    super.load(at, into)
  }

  override load32(at: number): number {
    if (this.isBad(at, 4)) throw new MediumError('bad block', at, 4)
    return super.load32(at)
  }

  override store(at: number, from: Uint8Array): void {
    this.#mend(at, from.length)
    super.store(at, from)
  }

  override zero(at: number, length: number): void {
    this.#mend(at, length)
    super.zero(at, length)
  }

  isBad(at: number, length: number): boolean {
    for (let b = Math.floor(at / BAD_BLOCK_BYTES); b * BAD_BLOCK_BYTES < at + length; b++) if (this.bad.has(b)) return true
    return false
  }

  /** Makes the block bad that a byte is in. */
  spoil(at: number): void {
    this.bad.add(Math.floor(at / BAD_BLOCK_BYTES))
  }

  #mend(at: number, length: number): void {
    if (!this.isBad(at, length)) return
    if (!this.mends) throw new MediumError('bad block', at, length)
    for (let b = Math.ceil(at / BAD_BLOCK_BYTES); (b + 1) * BAD_BLOCK_BYTES <= at + length; b++) this.bad.delete(b)
  }
}
