import { Btt, type BttOptions } from '../btt/btt.ts'
import { progress } from '../btt/progress.ts'
import type { SectorWrite } from '../btt/sector-write.ts'
import { blockOf } from '../btt/map-entry.ts'
import { loaded, type Medium } from '../media/medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import type { PersistOp } from './persist-op.ts'
import { RecordedMedium } from './recorded-medium.ts'

/** What a sector may hold after a power failure, from so many operations on. */
interface Allowed {
  readonly from: number
  readonly values: readonly Uint8Array[]
}

interface Running {
  readonly sector: number
  readonly cpu: number
  readonly data: Uint8Array
  readonly write: SectorWrite
}

/**
 * A BTT in use whose stores, flushes and fences are kept, and with them what it promises at each moment: a sector holds what was last
 * written to it, or what a write that has not returned is about to.
 */
export class RecordedBtt {
  /** Where it began; not written. */
  readonly base: Medium
  readonly btt: Btt
  readonly #medium: RecordedMedium
  readonly #allowed = new Map<number, Allowed[]>()
  readonly #running = new Set<Running>()

  constructor(base: Medium, options: BttOptions = {}) {
    this.base = base
    this.#medium = new RecordedMedium(new OverlayMedium(base))
    this.btt = Btt.open(this.#medium, options)
  }

  get ops(): readonly PersistOp[] {
    return this.#medium.ops
  }

  /** Writes a sector from beginning to end. @throws Error when it fails or has to wait. */
  write(sector: number, data: Uint8Array, cpu = 0): void {
    const running = this.begin(sector, data, cpu)
    while (running.write.errno === 0 && this.#running.has(running))
      if (!this.step(running)) throw new Error(`the write of sector ${sector} waits`)
  }

  /** Begins a write that `step` takes on. */
  begin(sector: number, data: Uint8Array, cpu: number): Running {
    const running = { sector, cpu, data, write: this.btt.startWrite(sector, data, { cpu }) }
    this.#running.add(running)
    this.#allow(sector)
    return running
  }

  /** Takes a write one step on; false when it has to wait for another one. */
  step(running: Running): boolean {
    this.#medium.cpu = running.cpu
    const how = running.write.step()
    if (how === progress.waiting) return false
    if (how === progress.going) return true
    if (running.write.errno !== 0) throw new Error(`the write of sector ${running.sector} failed: ${running.write.errno}`)
    this.#running.delete(running)
    this.#allow(running.sector)
    return true
  }

  isRunning(running: Running): boolean {
    return this.#running.has(running)
  }

  /** What a sector may hold when power fails after so many operations. */
  allowed(sector: number, after: number): readonly Uint8Array[] {
    return this.#historyOf(sector).findLast(({ from }) => from <= after)!.values
  }

  #allow(sector: number): void {
    const coming = [...this.#running].filter((r) => r.sector === sector).map(({ data }) => data)
    this.#historyOf(sector).push({ from: this.ops.length, values: [this.#held(this.#medium, sector), ...coming] })
  }

  #historyOf(sector: number): Allowed[] {
    let history = this.#allowed.get(sector)
    if (history === undefined) this.#allowed.set(sector, (history = [{ from: 0, values: [this.#held(this.base, sector)] }]))
    return history
  }

  /** What a sector holds on a medium, read past the lanes. */
  #held(medium: Medium, sector: number): Uint8Array {
    const arena = this.btt.arenas.findLast(({ firstLba }) => firstLba <= sector)!
    const lba = sector - arena.firstLba
    const entry = medium.load32(arena.mapAt(lba))
    return loaded(medium, arena.dataAt(blockOf(entry, lba)), this.btt.sectorSize)
  }
}
