/**
 * The write of one sector (btt_write_pg), step by step in the order on which all depends:
 *
 *     data → free block · log, first half · log, second half · map
 *
 * each durable before the next begins. The second half of the log is the point of commitment: before it the sector has its
 * old data whatever else was written, from it on the new ones, which recovery puts into the map if need be.
 */
import { errno } from '@devtrail/events'
import { MediumError, put, putZeros } from '../media/medium.ts'
import type { Arena } from './arena.ts'
import type { Lanes } from './lanes.ts'
import { blockOf, ERROR, isErrorEntry, normalEntry } from './map-entry.ts'
import { progress, type Progress } from './progress.ts'
import type { FailureReason, Teller } from './teller.ts'

const phase = { lane: 0, readers: 1, data: 2, metadata: 3, map: 4, logHead: 5, logTail: 6, entry: 7, over: 8 } as const

export class SectorWrite {
  /** 0, or why it failed. */
  errno = 0
  readonly #lanes: Lanes
  #phase: number = phase.over
  #lane = 0
  #sector = 0
  #lba = 0
  #arena!: Arena
  #data!: Uint8Array
  #metadata: Uint8Array | null = null
  #block = 0
  /** As the log is to have it: with the error flag of the map's entry. */
  #old = 0
  #isWaiting = false
  /** Who is told every step; null for nobody. */
  #told: Teller | null = null

  constructor(lanes: Lanes) {
    this.#lanes = lanes
  }

  begin(sector: number, data: Uint8Array, metadata: Uint8Array | null, cpu: number): this {
    this.errno = 0
    this.#phase = phase.lane
    const { count, teller } = this.#lanes
    this.#lane = cpu < count ? cpu : cpu % count
    this.#told = teller?.stepwise === true ? teller : null
    this.#sector = sector
    this.#data = data
    this.#metadata = metadata
    this.#isWaiting = false
    return this
  }

  step(): Progress {
    try {
      return this.#step()
    } catch (error) {
      return this.#caught(error)
    }
  }

  /** Goes on until it is over or waits. The steps are in the order in which they come, so that each is looked at once. */
  run(): Progress {
    try {
      if (this.#phase === phase.lane) this.#takeLane()
      if (this.#phase === phase.readers) this.#awaitReaders()
      if (this.#phase === phase.data) this.#putData()
      if (this.#phase === phase.metadata) this.#putMetadata()
      if (this.#phase === phase.map) this.#lockMap()
      if (this.#phase === phase.logHead) this.#putLogHead()
      if (this.#phase === phase.logTail) this.#putLogTail()
      if (this.#phase === phase.entry) this.#putEntry()
      return this.#phase === phase.over ? progress.done : progress.waiting
    } catch (error) {
      return this.#caught(error)
    }
  }

  #caught(error: unknown): Progress {
    if (!(error instanceof MediumError)) throw error
    if (this.#phase > phase.map) this.#arena.unlock(this.#lba)
    return this.#fail('medium')
  }

  #step(): Progress {
    switch (this.#phase) {
      case phase.lane:
        return this.#takeLane()
      case phase.readers:
        return this.#awaitReaders()
      case phase.data:
        return this.#putData()
      case phase.metadata:
        return this.#putMetadata()
      case phase.map:
        return this.#lockMap()
      case phase.logHead:
        return this.#putLogHead()
      case phase.logTail:
        return this.#putLogTail()
      case phase.entry:
        return this.#putEntry()
      default:
        return progress.done
    }
  }

  #takeLane(): Progress {
    const lanes = this.#lanes
    if (!lanes.take(this.#lane)) return progress.waiting
    const arena = lanes.arenaOf(this.#sector)
    if (arena === null) return this.#fail('beyond-end')
    this.#arena = arena
    this.#lba = this.#sector - arena.firstLba
    if (arena.isBroken) return this.#fail('arena-error')
    this.#told?.laneTaken(arena.index, this.#lane, this.#lba, 'write')
    if (arena.mayHaveBad(this.#lane)) this.#clearFree()
    this.#phase = phase.readers
    return progress.going
  }

  /** Before a block that could not be read is used again, it is written over. */
  #clearFree(): void {
    const arena = this.#arena
    const lane = this.#lane
    const block = arena.free[lane]!
    if (!this.#lanes.rules.clearsErrors || block >= arena.blocks) return
    if (arena.hasError[lane] === 0 && !arena.isBad(block)) return
    putZeros(arena.medium, arena.dataAt(block), this.#lanes.sectorSize)
    arena.setError(lane, false)
    if (this.#lanes.teller?.on === true) this.#lanes.teller.blockCleared(arena.index, lane, block)
  }

  #awaitReaders(): Progress {
    const arena = this.#arena
    const block = arena.free[this.#lane]!
    if (arena.readers > 0 && arena.isRead(block)) return this.#wait(block)
    if (block >= arena.blocks) return this.#fail('block-beyond-arena')
    // Below 2^30; said so, places on the medium are computed in integers.
    this.#block = block | 0
    this.#phase = phase.data
    return progress.going
  }

  #wait(block: number): Progress {
    const { teller } = this.#lanes
    if (!this.#isWaiting && teller?.on === true) teller.readerAwaited(this.#arena.index, this.#lane, block)
    this.#isWaiting = true
    return progress.waiting
  }

  #putData(): Progress {
    const arena = this.#arena
    put(arena.medium, arena.dataAt(this.#block), this.#data)
    this.#told?.dataWritten(arena.index, this.#lane, this.#block)
    this.#phase = this.#metadata === null ? phase.map : phase.metadata
    return progress.going
  }

  #putMetadata(): Progress {
    put(this.#arena.medium, this.#arena.dataAt(this.#block) + this.#lanes.sectorSize, this.#metadata!)
    this.#phase = phase.map
    return progress.going
  }

  #lockMap(): Progress {
    const arena = this.#arena
    if (!arena.lock(this.#lba, this.#lane)) return progress.waiting
    this.#phase = phase.logHead
    const entry = arena.entry(this.#lba)
    const old = blockOf(entry, this.#lba)
    if (old >= arena.blocks) {
      arena.unlock(this.#lba)
      return this.#fail('block-beyond-arena')
    }
    this.#old = isErrorEntry(entry) && this.#lanes.rules.clearsErrors ? old | ERROR : old
    return progress.going
  }

  #putLogHead(): Progress {
    const arena = this.#arena
    arena.putLogHead(this.#lane, this.#lba, this.#old)
    this.#told?.logBegun(arena.index, this.#lane, arena.slots[arena.sub[this.#lane]!]!, this.#lba, this.#old)
    this.#phase = phase.logTail
    return progress.going
  }

  #putLogTail(): Progress {
    const arena = this.#arena
    const lane = this.#lane
    arena.putLogTail(lane, this.#block)
    this.#told?.logCommitted(arena.index, lane, arena.slots[arena.sub[lane]!]!, this.#block, arena.seq[lane]!)
    this.#phase = phase.entry
    return progress.going
  }

  #putEntry(): Progress {
    const arena = this.#arena
    const lane = this.#lane
    const { teller } = this.#lanes
    const sub = arena.sub[lane]!
    const seq = arena.seq[lane]!
    // The log is written: whatever becomes of the map, the lane's free block is the old one.
    arena.advance(lane, (this.#old & ~ERROR) >>> 0)
    if ((this.#old & ERROR) !== 0) arena.setError(lane, true)
    arena.putEntry(this.#lba, normalEntry(this.#block))
    arena.unlock(this.#lba)
    if (teller !== null) {
      this.#told?.mapWritten(arena.index, this.#lba, this.#block, 'normal')
      if (teller.on) teller.sectorWritten(arena.index, lane, this.#lba, this.#block, this.#old, arena.slots[sub]!, seq)
    }
    this.#phase = phase.over
    this.#lanes.release(lane)
    if (arena.hasError[lane] === 1) this.#clearFree()
    return progress.done
  }

  #fail(why: FailureReason): Progress {
    this.errno = errno.EIO
    this.#phase = phase.over
    this.#lanes.release(this.#lane)
    if (this.#lanes.teller?.on === true) this.#lanes.teller.failed(this.#sector, 'write', errno.EIO, why)
    return progress.done
  }
}
