/**
 * Holds a BTT against its promise: whenever power fails, recovery gives a BTT in which each sector has its old or its new data whole,
 * nothing that was acknowledged is lost, every block is a sector's or free and not both, and there is nothing left to recover; and
 * that is so as well when power fails again during recovery.
 */
import { Btt } from '../btt/btt.ts'
import { BttError } from '../btt/btt-error.ts'
import { checkBtt } from '../btt/check.ts'
import type { Medium } from '../media/medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import { crashStates, type CrashOptions, type CrashState } from './crash-states.ts'
import { opText, type PersistOp } from './persist-op.ts'
import { RecordedMedium } from './recorded-medium.ts'

export interface Scenario {
  /** What is durable before the first operation. */
  readonly base: Medium
  readonly ops: readonly PersistOp[]
  /** Byte at which the BTT begins. */
  readonly start: number
  /** What a sector may hold when power fails after so many operations. */
  readonly allowed: (sector: number, after: number) => readonly Uint8Array[]
  /** Whether there may be no BTT yet. */
  readonly mayBeMissing?: (after: number) => boolean
  /** The sectors to be read; default all. */
  readonly sectors?: readonly number[]
}

export interface BrokenPromise {
  /** The operation after which power failed: its number from 1, and what it was. */
  readonly after: number
  readonly op: string
  /** How many pieces that were not durable stayed, and how many went. */
  readonly kept: number
  readonly lost: number
  /** Power failures during recovery that led there. */
  readonly again: number
  readonly says: string
}

export interface Explored {
  /** States of the medium that were recovered and judged, those of failed recoveries included. */
  readonly states: number
  /** How many of them recovery had something to write in. */
  readonly recovered: number
  readonly broken: readonly BrokenPromise[]
}

export interface ExploreOptions extends CrashOptions {
  /** Stops after so many broken promises; default 1. */
  readonly brokenMax?: number
  /** Power failures during recovery; default 2, one after the other. */
  readonly again?: number
}

export function explore(scenario: Scenario, { brokenMax = 1, again = 2, ...crash }: ExploreOptions = {}): Explored {
  const broken: BrokenPromise[] = []
  const count = { states: 0, recovered: 0 }
  const go = (base: Medium, ops: readonly PersistOp[], depth: number, afterOf: (state: CrashState) => number): void => {
    for (const state of crashStates(base, ops, crash)) {
      if (broken.length >= brokenMax) return
      count.states++
      const after = afterOf(state)
      const medium = new RecordedMedium(new OverlayMedium(state.medium))
      const says = judged(scenario, medium, after)
      if (says !== null) {
        const op = opText(ops[state.after - 1]!)
        broken.push({ after, op, kept: state.kept.length, lost: state.lost, again: depth, says })
      } else if (medium.ops.length > 0) {
        count.recovered++
        if (depth < again) go(state.medium, medium.ops, depth + 1, () => after)
      }
    }
  }
  go(scenario.base, scenario.ops, 0, ({ after }) => after)
  return { ...count, broken }
}

/** Recovers what is on a medium and says what is wrong with it; null for nothing. */
function judged(scenario: Scenario, medium: RecordedMedium, after: number): string | null {
  const { start } = scenario
  try {
    const btt = Btt.open(medium, { start })
    const wrong = sectorWrong(scenario, btt, after)
    if (wrong !== null) return wrong
  } catch (error) {
    if (!(error instanceof BttError)) throw error
    return scenario.mayBeMissing?.(after) === true ? null : `it does not open: ${error.message}`
  }
  const { faults, pending } = checkBtt(medium, start)
  if (faults.length > 0) return faults[0]!.says
  if (pending.length > 0) return `recovery left the write of sector ${pending[0]!.lba} undone`
  const { recovered } = Btt.open(new OverlayMedium(medium), { start })
  return recovered === 0 ? null : `a second recovery had ${recovered} map entries to write`
}

function sectorWrong({ sectors, allowed }: Scenario, btt: Btt, after: number): string | null {
  const into = new Uint8Array(btt.sectorSize)
  for (const sector of sectors ?? Array.from({ length: btt.sectorCount }, (_, i) => i)) {
    const error = btt.read(sector, into)
    if (error !== 0) return `sector ${sector} cannot be read: ${error}`
    const values = allowed(sector, after)
    if (values.some((value) => isSame(value, into))) continue
    const torn = into.findIndex((byte, i) => byte !== into[0] && i > 0)
    const how = torn < 0 ? `${into[0]} throughout` : `${into[0]} up to byte ${torn} and ${into[torn]} from there`
    return `sector ${sector} holds neither what it held nor what was written: ${how}`
  }
  return null
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}
