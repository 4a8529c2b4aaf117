/** What is computed of the events on both sides: a small state for each device, changed in place. */
import { DEVICES, typeNames } from '../events.ts'

export interface DeviceTotals {
  events: number
  held: number
  heldMost: number
  lowestPfn: number
  highestPfn: number
  /** Nanoseconds. */
  lastTime: number
}

/** By device number. */
export type Totals = readonly DeviceTotals[]

/** The number of each type, by its name. */
export const typeNumbers: ReadonlyMap<string, number> = new Map(typeNames.map((name, i) => [name, i]))

export function newTotals(): Totals {
  return Array.from({ length: DEVICES + 1 }, () => ({
    events: 0,
    held: 0,
    heldMost: 0,
    lowestPfn: Infinity,
    highestPfn: 0,
    lastTime: 0,
  }))
}

/** The reducer. */
export function step(totals: Totals, type: number, device: number, time: number, pfn: number, n: number): void {
  const of = totals[device]!
  of.events++
  of.lastTime = time
  switch (type >> 3) {
    case 0:
      of.held += n
      if (of.held > of.heldMost) of.heldMost = of.held
      break
    case 1:
      of.held -= n
      break
    default:
      if (pfn < of.lowestPfn) of.lowestPfn = pfn
      if (pfn > of.highestPfn) of.highestPfn = pfn
  }
}
