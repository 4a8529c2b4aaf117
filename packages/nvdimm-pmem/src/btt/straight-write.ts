/**
 * The write of a sector where nothing stands in its way, nothing can come between, and the medium is memory in which stores are durable at
 * once: one function over typed arrays, in which all is looked at before anything is written, so that nothing has to be undone, and little
 * is done behind the copy, for which every later store waits. The order of what is written is that of `SectorWrite`, which does everything
 * else: a test holds one against the other.
 *
 * It is written to be short for the engine: words are signed ones, for unsigned ones would be taken for floating point; fields are plain
 * ones, for a private one takes more code, and what is long is not put into its callers; and what is kept in memory of the lane is brought
 * up to date before the copy.
 */
import { isLittleEndian } from '../media/endian.ts'
import type { Arena } from './arena.ts'
import { nextSeq, SLOT_BYTES } from './flog.ts'
import { LOG_GROUP_BYTES } from './geometry.ts'
import type { Lanes } from './lanes.ts'
import { BLOCK, ERROR, NORMAL, UNTOUCHED } from './map-entry.ts'
import type { Teller } from './teller.ts'

const WORD = 4
const GROUP_WORDS = LOG_GROUP_BYTES / WORD

export class StraightWrite {
  readonly arena: Arena
  readonly lanes: Lanes
  readonly laneCount: number
  readonly teller: Teller | null
  readonly memory: Uint8Array
  readonly words: Int32Array
  /** Sectors of the BTT that are the arena's: from the first to before the end. */
  readonly first: number
  readonly end: number
  readonly blocks: number
  /** Byte of the first block; words at which map and log begin, and from one slot that is used to the other. */
  readonly data: number
  readonly blockBytes: number
  readonly map: number
  readonly log: number
  readonly otherSlot: number
  readonly free: Uint32Array
  readonly hasError: Uint8Array
  readonly seq: Uint8Array
  readonly sub: Uint8Array

  /** For an arena whose lanes were started; null when its medium is no such memory, or the arena must not be written. */
  static of(arena: Arena, lanes: Lanes): StraightWrite | null {
    const { memory, isBad } = arena.medium
    if (memory === undefined || isBad !== undefined || arena.isBroken) return null
    const isAligned = isLittleEndian && (memory.byteOffset + arena.at) % WORD === 0
    return isAligned ? new StraightWrite(arena, lanes, memory) : null
  }

  private constructor(arena: Arena, lanes: Lanes, memory: Uint8Array) {
    const { info, at, firstLba, slots } = arena
    this.arena = arena
    this.lanes = lanes
    this.laneCount = lanes.count
    this.teller = lanes.teller
    // From the arena on: places within it are smaller numbers than those on the medium.
    this.memory = memory.subarray(at)
    this.words = new Int32Array(memory.buffer, memory.byteOffset + at, Math.floor((memory.length - at) / WORD))
    this.first = firstLba
    this.end = firstLba + info.externalNlba
    this.blocks = arena.blocks
    this.data = info.dataoff
    this.blockBytes = info.internalLbasize
    this.map = info.mapoff / WORD
    this.log = info.logoff / WORD
    this.otherSlot = (slots[1] * SLOT_BYTES) / WORD
    this.hasError = arena.hasError
    this.free = arena.free
    this.seq = arena.seq
    this.sub = arena.sub
  }

  /**
   * True when the sector, a whole number, is written. False, and nothing is done: it is another arena's, or has to be taken step by step, for some operation has a
   * lane or is reading, the free block is bad, or an entry makes no sense.
   */
  write(sector: number, data: Uint8Array, cpu: number): boolean {
    const arena = this.arena
    const teller = this.teller
    const lane = cpu < this.laneCount ? cpu : cpu % this.laneCount
    if (!(sector >= this.first && sector < this.end) || (teller !== null && teller.stepwise)) return false
    const lba = (sector - this.first) | 0
    if (this.lanes.taken !== 0 || arena.readers !== 0 || this.hasError[lane] !== 0) return false
    // Looked at this early, the line of the map is on its way while the data are copied.
    const words = this.words
    const at = this.map + lba
    const entry = words[at]!
    const flags = entry & NORMAL
    const old = flags === UNTOUCHED ? lba : entry & BLOCK
    const block = this.free[lane]! | 0
    if (flags === ERROR || old >= this.blocks || block < 0 || block >= this.blocks) return false
    const sub = this.sub[lane]!
    const seq = this.seq[lane]!
    const log = this.log + lane * GROUP_WORDS + (sub === 0 ? 0 : this.otherSlot)
    // Nothing from here on can fail.
    this.sub[lane] = sub ^ 1
    this.seq[lane] = nextSeq(seq)
    this.free[lane] = old
    this.memory.set(data, this.data + block * this.blockBytes)
    words[log] = lba
    words[log + 1] = old
    words[log + 2] = block
    words[log + 3] = seq
    words[at] = block | NORMAL
    if (teller !== null) this.tell(teller, lane, lba, block, old, sub, seq)
    return true
  }

  private tell(teller: Teller, lane: number, lba: number, block: number, old: number, sub: number, seq: number): void {
    const { arena } = this
    if (teller.on) teller.sectorWritten(arena.index, lane, lba, block, old, arena.slots[sub]!, seq)
  }
}
