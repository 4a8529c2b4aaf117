/**
 * The write of a sector where nothing stands in its way, nothing can come between, and the medium is memory in which stores are durable at
 * once: one function over typed arrays, in which all is looked at before anything is written, so that nothing has to be undone, and little
 * is done behind the copy, for which every later store waits. The order of what is written is that of `SectorWrite`, which does everything
 * else: a test holds one against the other.
 *
 * It is written to be short for the engine: words are signed ones, for unsigned ones would be taken for floating point; fields are plain
 * ones, for a private one takes more code, and what is long is not put into its callers; numbers that are always the same are written out, for one
 * of another module is looked up each time; and what is kept in memory of the lane is brought up to date before the copy. The numbers are those of
 * `map-entry.ts` and `flog.ts`. Fields are declared only, so that nothing but the constructor sets them: of one that is set once the engine takes the value
 * for good.
 */
import { isLittleEndian } from '../media/endian.ts'
import type { Arena } from './arena.ts'
import { SLOT_BYTES } from './flog.ts'
import type { Hurdles } from './hurdles.ts'
import type { Lanes } from './lanes.ts'
import type { Teller } from './teller.ts'

const WORD = 4

export class StraightWrite {
  declare readonly arena: Arena
  declare readonly hurdles: Hurdles
  declare readonly laneCount: number
  declare readonly teller: Teller | null
  declare readonly memory: Uint8Array
  declare readonly words: Int32Array
  /** Sectors of the BTT that are the arena's: from the first to before the end. */
  declare readonly first: number
  declare readonly end: number
  declare readonly blocks: number
  /** Byte of the first block; words at which map and log begin, and from one slot that is used to the other. */
  declare readonly data: number
  declare readonly blockBytes: number
  declare readonly map: number
  declare readonly log: number
  declare readonly otherSlot: number
  declare readonly free: Int32Array
  declare readonly seq: Uint8Array
  declare readonly sub: Uint8Array

  /** For an arena whose lanes were started; null when its medium is no such memory, the arena must not be written, or every step is told. */
  static of(arena: Arena, lanes: Lanes): StraightWrite | null {
    const { memory, isBad } = arena.medium
    if (memory === undefined || isBad !== undefined || arena.isBroken || lanes.teller?.isStepwise === true) return null
    const isAligned = isLittleEndian && (memory.byteOffset + arena.at) % WORD === 0
    return isAligned ? new StraightWrite(arena, lanes, memory) : null
  }

  private constructor(arena: Arena, lanes: Lanes, memory: Uint8Array) {
    const { info, at, firstLba, slots } = arena
    this.arena = arena
    this.hurdles = arena.hurdles
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
    this.free = new Int32Array(arena.free.buffer)
    this.seq = arena.seq
    this.sub = arena.sub
  }

  /**
   * True when the sector, a whole number, is written. False, and nothing is done: it is another arena's, or has to be taken step by step, for some operation has a
   * lane or is reading, the free block is bad, or an entry makes no sense.
   */
  write(sector: number, data: Uint8Array, cpu: number): boolean {
    const lane = cpu < this.laneCount ? cpu : cpu % this.laneCount
    if (this.hurdles.count !== 0 || !(sector >= this.first && sector < this.end)) return false
    const lba = (sector - this.first) | 0
    // Looked at this early, the line of the map is on its way while the data are copied.
    const words = this.words
    const at = this.map + lba
    const entry = words[at]!
    const flags = entry & 0xc000_0000
    const old = flags === 0 ? lba : entry & 0x3fff_ffff
    const block = this.free[lane]!
    if (flags === 0x4000_0000 || old >= this.blocks || block < 0 || block >= this.blocks) return false
    const sub = this.sub[lane]!
    const seq = this.seq[lane]!
    const log = this.log + (lane << 4) + (sub === 0 ? 0 : this.otherSlot)
    // Nothing from here on can fail.
    this.sub[lane] = sub ^ 1
    this.seq[lane] = seq === 3 ? 1 : seq + 1
    this.free[lane] = old
    this.memory.set(data, this.data + block * this.blockBytes)
    words[log] = lba
    words[log + 1] = old
    words[log + 2] = block
    words[log + 3] = seq
    words[at] = block | 0xc000_0000
    if (this.teller !== null) this.tell(this.teller, lane, log)
    return true
  }

  /** The log has all that is to be told: what is kept for it across the copy would cost whoever tells nobody. */
  private tell(teller: Teller, lane: number, log: number): void {
    if (!teller.on) return
    const { arena, words } = this
    const slot = ((log - this.log) & 0xf) >> 2
    teller.sectorWritten(arena.index, lane, words[log]!, words[log + 2]!, words[log + 1]!, slot, words[log + 3]!)
  }
}
