/**
 * The read of one sector (btt_read_pg). Between looking at the map and copying the data another lane may write the sector, and
 * a third one then the block that it had. So the block is entered into the read tracking table first, and the map is looked at
 * again: whoever is to write that block waits for the entry to go.
 */
import { errno } from '@devtrail/events'
import { MediumError } from '../media/medium.ts'
import type { Arena } from './arena.ts'
import type { Lanes } from './lanes.ts'
import { blockOf, errorEntry, isErrorEntry, isZeroEntry, NORMAL } from './map-entry.ts'
import { progress, type Progress } from './progress.ts'
import type { FailureReason } from './teller.ts'

const phase = { lane: 0, track: 1, data: 2, over: 3 } as const

export class SectorRead {
  /** 0, or why it failed. */
  errno = 0
  /** Whether it was read as zeros, since its map entry says so. */
  isZero = false
  readonly #lanes: Lanes
  #phase: number = phase.over
  #lane = 0
  #sector = 0
  #lba = 0
  #entry = 0
  #arena!: Arena
  #into!: Uint8Array
  #metadata: Uint8Array | null = null

  constructor(lanes: Lanes) {
    this.#lanes = lanes
  }

  begin(sector: number, into: Uint8Array, metadata: Uint8Array | null, cpu: number): this {
    this.errno = 0
    this.isZero = false
    this.#phase = phase.lane
    this.#lane = cpu % this.#lanes.count
    this.#sector = sector
    this.#into = into
    this.#metadata = metadata
    return this
  }

  step(): Progress {
    try {
      return this.#step()
    } catch (error) {
      return this.#caught(error)
    }
  }

  /** Goes on until it is over or waits. */
  run(): Progress {
    try {
      let how = this.#step()
      while (how === progress.going) how = this.#step()
      return how
    } catch (error) {
      return this.#caught(error)
    }
  }

  #step(): Progress {
    if (this.#phase === phase.lane) return this.#takeLane()
    if (this.#phase === phase.track) return this.#track()
    return this.#phase === phase.data ? this.#load() : progress.done
  }

  #caught(error: unknown): Progress {
    if (!(error instanceof MediumError)) throw error
    this.#arena.untrack(this.#lane)
    return this.#fail('medium')
  }

  #takeLane(): Progress {
    const lanes = this.#lanes
    if (!lanes.take(this.#lane)) return progress.waiting
    const arena = lanes.arenaOf(this.#sector)
    if (arena === null) return this.#fail('beyond-end')
    this.#arena = arena
    this.#lba = this.#sector - arena.firstLba
    if (lanes.teller?.stepwise === true) lanes.teller.laneTaken(arena.index, this.#lane, this.#lba, 'read')
    this.#entry = arena.entry(this.#lba)
    this.#phase = phase.track
    return this.#answered() ?? progress.going
  }

  /** What the entry alone answers. */
  #answered(): Progress | null {
    if (isErrorEntry(this.#entry)) return this.#fail('error-entry')
    if (!isZeroEntry(this.#entry)) return null
    this.#into.fill(0)
    this.#metadata?.fill(0)
    this.isZero = true
    return this.#end(null)
  }

  #track(): Progress {
    const arena = this.#arena
    const { rules, teller } = this.#lanes
    const block = blockOf(this.#entry, this.#lba)
    if (block >= arena.info.internalNlba) return this.#fail('block-beyond-arena')
    arena.track(this.#lane, block)
    if (teller?.stepwise === true) teller.readTracked(arena.index, this.#lane, block)
    const again = arena.entry(this.#lba)
    const isSame = blockOf(again, this.#lba) === block && (!rules.comparesFlags || (again & NORMAL) === (this.#entry & NORMAL))
    if (isSame) {
      this.#phase = phase.data
      return progress.going
    }
    this.#entry = again
    if (!rules.leavesReadTracked && (isZeroEntry(again) || isErrorEntry(again))) arena.untrack(this.#lane)
    return this.#answered() ?? progress.going
  }

  #load(): Progress {
    const arena = this.#arena
    const block = blockOf(this.#entry, this.#lba)
    try {
      arena.medium.load(arena.dataAt(block), this.#into)
    } catch (error) {
      if (!(error instanceof MediumError)) throw error
      this.#remember(block)
      throw error
    }
    if (this.#metadata !== null) arena.medium.load(arena.dataAt(block) + this.#lanes.sectorSize, this.#metadata)
    arena.untrack(this.#lane)
    return this.#end(block)
  }

  /** A block that cannot be read is marked so in the map, to stay so across a reboot. */
  #remember(block: number): void {
    const arena = this.#arena
    try {
      arena.putEntry(this.#lba, errorEntry(block))
      if (this.#lanes.teller?.on === true) this.#lanes.teller.mapWritten(arena.index, this.#lba, block, 'error')
    } catch (error) {
      if (!(error instanceof MediumError)) throw error
    }
  }

  #end(block: number | null): Progress {
    this.#phase = phase.over
    this.#lanes.release(this.#lane)
    if (this.#lanes.teller?.stepwise === true) this.#lanes.teller.sectorRead(this.#arena.index, this.#lane, this.#lba, block)
    return progress.done
  }

  #fail(why: FailureReason): Progress {
    this.errno = errno.EIO
    this.#phase = phase.over
    this.#lanes.release(this.#lane)
    if (this.#lanes.teller?.on === true) this.#lanes.teller.failed(this.#sector, 'read', errno.EIO, why)
    return progress.done
  }
}
