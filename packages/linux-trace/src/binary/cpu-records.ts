/** The records of one CPU: its ring-buffer pages, decoded one record after the other. */
import { canBe, epochFor, sinceEpoch } from '../epoch.ts'
import type { DatFile } from './dat-file.ts'

const TIME_EXTEND = 30
const TIME_STAMP = 31
const PADDING = 29
/** A commit word has the page's bytes in its lower bits, and says whether records were missed before it, and how many. */
const COMMIT_MASK = 0x07ff_ffff
const MISSED = 0x8000_0000
const MISSED_COUNTED = 0x4000_0000
const DELTA_BITS = 27
const STAMP_BITS = 59n
const TIME_MAX = Number.MAX_SAFE_INTEGER
/** What a time is counted from, as long as nobody knows. */
export interface Epoch {
  epoch: number | null
}

export class CpuRecords {
  readonly cpu: number
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #little: boolean
  readonly #layout: DatFile['page']
  readonly #pageBytes: number
  #piece: Uint8Array = new Uint8Array(0)
  #nextPage = 0
  /** Where in the piece the current page ends. */
  #end = 0
  #at = 0
  bytes: Uint8Array = this.#piece
  view = new DataView(this.#piece.buffer)
  /** The current record: where it begins in {@link bytes}, its length, and its time in nanoseconds since the trace's epoch. */
  start = 0
  length = 0
  time = 0
  /** Records missed right before the current one: null for none, -1 when nobody counted them. */
  missed: number | null = null
  /** Pages of which the rest cannot be read, since the record before: each is a gap. */
  damagedPages = 0
  /** Whether a record of it was shown. */
  hasBegun = false
  #pages = 0
  readonly #epoch: Epoch

  /** `epoch`: of all CPUs; told by the page that is opened first. */
  constructor(cpu: number, pieces: AsyncIterable<Uint8Array>, { isLittleEndian, page }: DatFile, pageBytes: number, epoch: Epoch) {
    this.#epoch = epoch
    this.cpu = cpu
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#little = isLittleEndian
    this.#layout = page
    this.#pageBytes = pageBytes
  }

  /** Whether records are missing right before the current one, or at the end. */
  get lacks(): boolean {
    return this.missed !== null || this.damagedPages > 0
  }

  /** Pages begun so far. */
  get pages(): number {
    return this.#pages
  }

  /** Steps to the next record in the pieces at hand. @returns false when another piece is needed. */
  step(): boolean {
    for (;;) {
      if (this.#stepInPage()) return true
      if (this.#nextPage + this.#layout.data > this.#piece.length) return false
      this.#openPage()
    }
  }

  /** Reads the next piece. @returns false at the end. */
  async more(): Promise<boolean> {
    const next = await this.#pieces.next()
    if (next.done) return false
    this.#piece = next.value
    this.bytes = this.#piece
    this.view = new DataView(this.#piece.buffer, this.#piece.byteOffset, this.#piece.byteLength)
    this.#nextPage = 0
    this.#at = 0
    this.#end = 0
    return true
  }

  #openPage(): void {
    const page = this.#nextPage
    const { view } = this
    const little = this.#little
    const { commit: commitAt, commitBytes, data } = this.#layout
    this.#nextPage = Math.min(page + this.#pageBytes, this.#piece.length)
    this.#pages++
    const stamp = view.getBigUint64(page, little)
    if (canBe(stamp)) this.#epoch.epoch ??= epochFor(Number(stamp) / 1e9)
    this.time = sinceEpoch(stamp, this.#epoch.epoch ?? 0)
    const word = view.getUint32(page + commitAt + (!little && commitBytes === 8 ? 4 : 0), little)
    const length = word & COMMIT_MASK
    this.#at = page + data
    this.#end = this.#at + length
    if (this.#end > this.#nextPage) {
      this.#end = this.#at
      this.damagedPages++
      return
    }
    if ((word & MISSED) === 0) return
    const counted = (word & MISSED_COUNTED) !== 0 && this.#end + commitBytes <= this.#nextPage
    const count = counted ? view.getUint32(this.#end + (!little && commitBytes === 8 ? 4 : 0), little) : -1
    this.missed = this.missed === null ? count : this.missed < 0 || count < 0 ? -1 : this.missed + count
  }

  #stepInPage(): boolean {
    const { view } = this
    const little = this.#little
    while (this.#at + 4 <= this.#end) {
      const head = view.getUint32(this.#at, little)
      const type = little ? head & 31 : head >>> DELTA_BITS
      const delta = little ? head >>> 5 : head & 0x07ff_ffff
      this.#at += 4
      if (type > 0 && type < PADDING) {
        if (!this.#take(delta, type * 4)) return false
        return true
      }
      if (type === PADDING && delta === 0) {
        this.#at = this.#end
        return false
      }
      if (this.#at + 4 > this.#end) return this.#breakOff()
      const word = view.getUint32(this.#at, little)
      if (type === TIME_EXTEND) {
        this.#at += 4
        this.time += word * 2 ** DELTA_BITS + delta
      } else if (type === TIME_STAMP) {
        this.#at += 4
        // 59 bits are there; those above are as before.
        this.time = this.#stamped(BigInt(word) * 2n ** BigInt(DELTA_BITS) + BigInt(delta))
      } else if (type === PADDING) {
        // A record that was discarded.
        this.time += delta
        this.#at += Math.max(4, word)
      } else {
        this.#at += 4
        if (word < 4) return this.#breakOff()
        if (!this.#take(delta, word - 4)) return false
        return true
      }
    }
    return false
  }

  /** The time that a stamp tells the lower 59 bits of. */
  #stamped(low: bigint): number {
    const epoch = this.#epoch.epoch ?? 0
    const before = BigInt(this.time) - BigInt(sinceEpoch(0n, epoch))
    return sinceEpoch(((before >> STAMP_BITS) << STAMP_BITS) | low, epoch)
  }

  #take(delta: number, length: number): boolean {
    if (this.#at + length > this.#end || this.time + delta > TIME_MAX || this.time < -TIME_MAX) return this.#breakOff()
    this.time += delta
    this.start = this.#at
    this.length = length
    // Records are laid out on words of four bytes.
    this.#at += (length + 3) & ~3
    return true
  }

  /** What follows in the page makes no sense. */
  #breakOff(): false {
    this.damagedPages++
    this.#at = this.#end
    return false
  }
}
