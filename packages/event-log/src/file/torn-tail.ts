/** Tells what a write that was cut short left at the end of the last segment from damage. FORMAT.md has the rules. */
import { FRAME_ALIGN, FRAME_BYTES, FRAME_MAGIC, readFrame, type Place } from '../codec/frame.ts'
import { SPACED_BYTES_MAX, SPACE_ALIGN, SPACE_BYTES_MAX, hasUnwrittenSector } from '../codec/segment.ts'
import { IO_BYTES } from '../limits.ts'
import type { FileWindow } from './file-window.ts'
import type { Faulty } from './stored-block.ts'

export class TornTailSearch {
  readonly #window: FileWindow
  readonly #place: Place
  readonly #size: number
  /** Bytes that some block knows to be durable; null: nobody asked yet. */
  #durable: number | null = null

  constructor(window: FileWindow, place: Place, size: number) {
    this.#window = window
    this.#place = place
    this.#size = size
  }

  /** The next place at which a whole header stands. */
  async nextBlock(from: number): Promise<number | null> {
    for (let at = from; at + FRAME_BYTES <= this.#size;) {
      const piece = await this.#window.rest(at, FRAME_BYTES)
      const view = new DataView(piece.buffer, piece.byteOffset, piece.length)
      let i = 0
      for (; i + FRAME_BYTES <= piece.length; i += FRAME_ALIGN) {
        if (view.getUint32(i, true) !== FRAME_MAGIC) continue
        if (typeof readFrame(piece.subarray(i, i + FRAME_BYTES), this.#place, at + i) !== 'string') return at + i
      }
      if (i === 0) return null
      at += i
    }
    return null
  }

  /**
   * Whether what starts at a bad block was never acknowledged as durable, and looks as a write does that was cut short: no
   * later block knows it durable, and its end is missing, or a sector of it (no block has one that is all zero), or nothing
   * but the space laid out behind the last block is there.
   * @param next where the next whole header stands.
   */
  async isTorn(bad: number, next: number | null, { cut, bytes }: Faulty): Promise<boolean> {
    if ((await this.#knownDurable(next)) > bad) return false
    if (next !== null) return this.#hasHole(bad, next)
    const data = await this.#endOfData(bad)
    if (await this.#isOneBit(bad, data)) return false
    if (cut) return true
    // What is put into space may end anywhere: within its header, or where its last byte is missing, which never is zero.
    if (bytes === undefined) return data <= bad + FRAME_BYTES || this.#hasHole(bad, data)
    return (bytes <= SPACED_BYTES_MAX && data < bad + bytes) || this.#hasHole(bad, bad + bytes)
  }

  /** Whether all that is not zero from `bad` on is one bit of the byte before `data`: no write leaves so little. */
  async #isOneBit(bad: number, data: number): Promise<boolean> {
    if (data === bad || data - bad > SPACE_BYTES_MAX) return false
    const bytes = await this.#window.bytes(bad, data - bad)
    const last = bytes.at(-1)!
    return (last & (last - 1)) === 0 && bytes.subarray(0, -1).every((byte) => byte === 0)
  }

  /** Bytes of a torn tail, without the space that was laid out behind it. */
  async bytesFrom(torn: number): Promise<number> {
    const data = await this.#endOfData(torn)
    const isLaidOut = this.#size % SPACE_ALIGN === 0 && this.#size - data <= SPACE_BYTES_MAX
    return (isLaidOut ? data : this.#size) - torn
  }

  /**
   * Bytes that some block from `next` on, the first behind the first bad one, knows to be durable. Asked again for a later
   * bad block the answer is the same: no block knows more than what lies before it.
   */
  async #knownDurable(next: number | null): Promise<number> {
    if (this.#durable !== null) return this.#durable
    this.#durable = 0
    for (let at = next; at !== null; at = await this.nextBlock(at + FRAME_ALIGN)) {
      const frame = readFrame(await this.#window.bytes(at, FRAME_BYTES), this.#place, at)
      if (typeof frame !== 'string') this.#durable = Math.max(this.#durable, frame.synced)
    }
    return this.#durable
  }

  /** Whether some sector, or the part of it within these bounds, is all zero. */
  async #hasHole(from: number, to: number): Promise<boolean> {
    for (let at = from; at < to;) {
      // Pieces end where sectors do.
      const piece = await this.#window.bytes(at, Math.min(IO_BYTES - (at % 512), to - at))
      if (hasUnwrittenSector(piece, at)) return true
      if (piece.length === 0) return false
      at += piece.length
    }
    return false
  }

  /** Where the last byte that is not zero ends, not before `from`. */
  async #endOfData(from: number): Promise<number> {
    for (let end = this.#size; end > from;) {
      const start = Math.max(from, end - IO_BYTES)
      const piece = await this.#window.bytes(start, end - start)
      for (let i = piece.length; i > 0; i--) if (piece[i - 1] !== 0) return start + i
      end = start
    }
    return from
  }
}
