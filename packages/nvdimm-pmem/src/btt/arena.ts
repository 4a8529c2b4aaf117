/**
 * One arena in use: where its parts lie on the medium, and what the kernel keeps of it in memory (struct arena_info): for each
 * lane the free block, the slot and the number of its next log entry; which blocks are being read; which map entries are locked.
 */
import type { Medium } from '../media/medium.ts'
import { put64, put32 } from '../media/medium.ts'
import { FLAG_ERROR, type ArenaInfo } from '../media/arena-info.ts'
import { groupAt, newSlots, nextSeq, SLOT_BYTES, type LogGroup, type SlotPair } from './flog.ts'
import { LOG_GROUP_BYTES } from './geometry.ts'
import { Hurdles } from './hurdles.ts'

const ENTRY_BYTES = 4
/** Entries in a cache line: 16. */
const LINE_ENTRIES_LOG2 = 4
const NOBODY = -1
const NO_MASK = -1

export class Arena {
  readonly index: number
  /** Byte of the medium. */
  readonly at: number
  readonly info: ArenaInfo
  /** The first sector of the BTT that is in it. */
  readonly firstLba: number
  readonly medium: Medium

  /** Blocks; sectors and as many as there are lanes. */
  readonly blocks: number
  /** Whether its info block says that it must not be written. */
  readonly isBroken: boolean

  /** By lane: the block to be written next. */
  readonly free: Uint32Array
  /** By lane: the sequence number of its next log entry, and which of the two slots it goes to. */
  readonly seq: Uint8Array
  readonly sub: Uint8Array
  /** By lane: 1 when the free block could not be read, and is to be cleared first. */
  readonly hasError: Uint8Array
  /** By lane: the block that is being read, or -1 (the read tracking table). */
  readonly rtt: Float64Array
  /** How many of those there are. */
  readers = 0
  /** By lock: the lane that holds it, or -1. */
  readonly locks: Int16Array
  /** Of the BTT that it is an arena of. */
  readonly hurdles: Hurdles

  readonly #data: number
  readonly #map: number
  readonly #log: number
  readonly #blockBytes: number
  /** Which slots of a log group are used, and what is between them. */
  #slots: SlotPair = newSlots
  #slotStride = SLOT_BYTES
  /** When there are as many locks as a power of two, which is always so but for images of others. */
  readonly #lockMask: number
  readonly #group = new Uint8Array(LOG_GROUP_BYTES)

  constructor(medium: Medium, at: number, index: number, firstLba: number, info: ArenaInfo, hurdles: Hurdles = new Hurdles()) {
    this.hurdles = hurdles
    this.medium = medium
    this.at = at
    this.index = index
    this.firstLba = firstLba
    this.info = info
    this.blocks = info.internalNlba
    this.isBroken = (info.flags & FLAG_ERROR) !== 0
    this.free = new Uint32Array(info.nfree)
    this.seq = new Uint8Array(info.nfree)
    this.sub = new Uint8Array(info.nfree)
    this.hasError = new Uint8Array(info.nfree)
    this.rtt = new Float64Array(info.nfree).fill(NOBODY)
    this.locks = new Int16Array(info.nfree).fill(NOBODY)
    this.#data = at + info.dataoff
    this.#map = at + info.mapoff
    this.#log = at + info.logoff
    this.#blockBytes = info.internalLbasize
    this.#lockMask = (info.nfree & (info.nfree - 1)) === 0 ? info.nfree - 1 : NO_MASK
  }

  /** Which slots of a log group are used. */
  get slots(): SlotPair {
    return this.#slots
  }

  set slots(slots: SlotPair) {
    this.#slots = slots
    this.#slotStride = slots[1] * SLOT_BYTES
  }

  /** Byte of the medium at which a block begins. */
  dataAt(block: number): number {
    return this.#data + block * this.#blockBytes
  }

  mapAt(lba: number): number {
    return this.#map + lba * ENTRY_BYTES
  }

  logAt(lane: number, slot: number): number {
    return this.#log + lane * LOG_GROUP_BYTES + slot * SLOT_BYTES
  }

  entry(lba: number): number {
    return this.medium.load32(this.#map + lba * ENTRY_BYTES)
  }

  putEntry(lba: number, entry: number): void {
    put32(this.medium, this.#map + lba * ENTRY_BYTES, entry)
  }

  group(lane: number): LogGroup {
    return groupAt(this.medium, this.logAt(lane, 0), this.#group)
  }

  /** The first half of a lane's next log entry: whose it is, and where it was. */
  putLogHead(lane: number, lba: number, old: number): void {
    put64(this.medium, this.nextLogAt(lane), lba, old)
  }

  /** The second half: where it is, and the number that makes the entry the newest. With this the write is committed. */
  putLogTail(lane: number, block: number): void {
    put64(this.medium, this.nextLogAt(lane) + 8, block, this.seq[lane]!)
  }

  /** Byte of the medium at which a lane's next log entry goes. */
  nextLogAt(lane: number): number {
    return this.#log + lane * LOG_GROUP_BYTES + this.sub[lane]! * this.#slotStride
  }

  /** Makes ready the lane's next entry; `freed` is the block that the sector had. */
  advance(lane: number, freed: number): void {
    this.sub[lane]! ^= 1
    this.seq[lane] = nextSeq(this.seq[lane]!)
    this.free[lane] = freed
  }

  /** Whether a lane's free block may be one that cannot be read: a glance, before `isBad` is asked. */
  mayHaveBad(lane: number): boolean {
    return this.hasError[lane] === 1 || this.medium.isBad !== undefined
  }

  /** Whether the medium knows that a block cannot be read. */
  isBad(block: number): boolean {
    const { medium } = this
    return medium.isBad !== undefined && medium.isBad(this.dataAt(block), this.#blockBytes)
  }

  /** Whether some lane is reading a block. */
  isRead(block: number): boolean {
    return this.readers > 0 && this.rtt.includes(block)
  }

  track(lane: number, block: number): void {
    if (this.rtt[lane] === NOBODY) this.#count(1)
    this.rtt[lane] = block
  }

  untrack(lane: number): void {
    if (this.rtt[lane] !== NOBODY) this.#count(-1)
    this.rtt[lane] = NOBODY
  }

  #count(more: 1 | -1): void {
    this.readers += more
    this.hurdles.count += more
  }

  /** Says whether a lane's free block is to be cleared before it is used. */
  setError(lane: number, is: boolean): void {
    const now = is ? 1 : 0
    this.hurdles.count += now - this.hasError[lane]!
    this.hasError[lane] = now
  }

  /** The lock of a map entry: entries that share a cache line share a lock. */
  lockOf(lba: number): number {
    const line = lba >>> LINE_ENTRIES_LOG2
    return this.#lockMask === NO_MASK ? line % this.locks.length : line & this.#lockMask
  }

  /** Takes the lock of an entry; false when another lane holds it. */
  lock(lba: number, lane: number): boolean {
    const lock = this.lockOf(lba)
    if (this.locks[lock] !== NOBODY) return false
    this.locks[lock] = lane
    return true
  }

  unlock(lba: number): void {
    this.locks[this.lockOf(lba)] = NOBODY
  }
}
