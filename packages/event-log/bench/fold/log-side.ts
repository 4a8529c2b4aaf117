/** The fold over a log: block by block, over its columns. */
import type { ColumnBlock } from '@devtrail/events'
import type { LogReader } from '../../src/contract.ts'
import { step, typeNumbers, type Totals } from './totals.ts'

function column(block: ColumnBlock, type: number, name: string): Float64Array {
  return block.fields(type).find((field) => field.name === name)!.numbers
}

/** Folds the events of a block from place `first` to `last`. */
function foldBlock(block: ColumnBlock, first: number, last: number, totals: Totals): void {
  const { types, type, device, time } = block
  const numbers = types.map(({ name }) => typeNumbers.get(name)!)
  const pfns = types.map((_, t) => column(block, t, 'pfn'))
  const counts = types.map((_, t) => column(block, t, 'n'))
  for (let i = first; i <= last; i++) {
    const t = type[i]!
    const row = block.row(i)
    step(totals, numbers[t]!, device[i]!, time[i]!, pfns[t]![row]!, counts[t]![row]!)
  }
}

/** Folds events `from` to `to` (both inclusive) into `totals`, and returns how many they were. */
export async function foldLog(reader: LogReader, from: number, to: number, totals: Totals, pause = (): void => {}): Promise<number> {
  let events = 0
  for await (const block of reader.blocks({ from, to })) {
    const first = Math.max(0, from - block.seq(0))
    const last = block.count - 1 - Math.max(0, block.lastSeq - to)
    foldBlock(block, first, last, totals)
    events += last - first + 1
    pause()
  }
  return events
}
