import type { Arena } from './arena.ts'
import { Hurdles } from './hurdles.ts'
import type { BttRules } from './rules.ts'
import type { Teller } from './teller.ts'

/** A sector's arena, and its number within. */
export interface Place {
  arena: Arena
  lba: number
}

/** What operations on sectors share (struct btt, struct nd_region): arenas, lanes, rules. */
export class Lanes {
  readonly arenas: readonly Arena[]
  readonly count: number
  readonly rules: BttRules
  readonly teller: Teller | null
  /** Bytes of a sector that are data. */
  readonly sectorSize: number
  readonly hurdles: Hurdles
  readonly #busy: Uint8Array

  constructor(arenas: readonly Arena[], count: number, sectorSize: number, rules: BttRules, teller: Teller | null) {
    this.arenas = arenas
    this.count = count
    this.sectorSize = sectorSize
    this.rules = rules
    this.teller = teller
    this.hurdles = arenas[0]?.hurdles ?? new Hurdles()
    this.#busy = new Uint8Array(count)
  }

  /** The arena that a sector is in; null when there is no such sector (lba_to_arena), as for one that is no whole number. */
  arenaOf(sector: number): Arena | null {
    if (!Number.isInteger(sector)) return null
    for (let i = 0; i < this.arenas.length; i++) {
      const arena = this.arenas[i]!
      if (sector < arena.firstLba + arena.info.externalNlba) return sector >= 0 ? arena : null
    }
    return null
  }

  /** nd_region_acquire_lane: false when another operation has it. */
  take(lane: number): boolean {
    if (this.#busy[lane] === 1) return false
    this.#busy[lane] = 1
    this.hurdles.count++
    return true
  }

  release(lane: number): void {
    if (this.#busy[lane] === 1) this.hurdles.count--
    this.#busy[lane] = 0
  }
}
