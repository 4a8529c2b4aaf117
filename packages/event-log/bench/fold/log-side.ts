/** The fold over a log. */
import type { LogReader } from '../../src/contract.ts'
import { step, typeNumbers, type Totals } from './totals.ts'

/** How many events there are between two calls of `pause`. */
const PAUSE_EVENTS = 1 << 16

/** Folds events `from` to `to` (both inclusive) into `totals`, and returns how many they were. */
export async function foldLog(reader: LogReader, from: number, to: number, totals: Totals, pause = (): void => {}): Promise<number> {
  let events = 0
  // Place of the fold by blocks: reader.blocks({ from, to }) instead of reader.read, and its columns instead of the objects.
  for await (const { type, device, time, data } of reader.read({ from, to })) {
    step(totals, typeNumbers.get(type)!, device!, time, data['pfn'] as number, data['n'] as number)
    if (++events % PAUSE_EVENTS === 0) pause()
  }
  return events
}
