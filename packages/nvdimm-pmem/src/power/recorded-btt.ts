import { Btt, type BttOptions } from '../btt/btt.ts'
import { progress } from '../btt/progress.ts'
import type { SectorWrite } from '../btt/sector-write.ts'
import type { Medium } from '../media/medium.ts'
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
    for (let sector = 0; sector < this.btt.sectorCount; sector++) this.#allowed.set(sector, [{ from: 0, values: [this.#live(sector)] }])
  }

  get ops(): readonly PersistOp[] {
    return this.#medium.ops
  }

  /** Writes a sector from beginning to end. @throws Error when it fails or has to wait. */
  write(sector: number, data: Uint8Array, cpu = 0): void {
    const running = this.begin(sector, data, cpu)
    while (running.write.errno === 0 && this.#running.has(running)) if (!this.step(running)) throw new Error(`the write of sector ${sector} waits`)
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
    return this.#allowed.get(sector)!.findLast(({ from }) => from <= after)!.values
  }

  #allow(sector: number): void {
    const coming = [...this.#running].filter((r) => r.sector === sector).map(({ data }) => data)
    this.#allowed.get(sector)!.push({ from: this.ops.length, values: [this.#live(sector), ...coming] })
  }

  /** What a sector holds now, read past the lanes. */
  #live(sector: number): Uint8Array {
    const into = new Uint8Array(this.btt.sectorSize)
    const error = Btt.open(new OverlayMedium(this.#medium), { start: this.btt.arenas[0]!.at }).read(sector, into)
    if (error !== 0) throw new Error(`sector ${sector} cannot be read: ${error}`)
    return into
  }
}
