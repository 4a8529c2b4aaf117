/** Blocks that were put again in the place of lost ones (`mend.ts`): each under a subject of its own, by its number. */
import { isBlock, type IndexEntry } from './index-entry.ts'
import { readEventsMessage, type BlockInfo, type LogEnd } from './block-message.ts'
import type { Log } from './place.ts'
import { lastOf, subjectsIn } from './stream.ts'
import { mendedOf } from './subjects.ts'

/** The blocks that were put again, in their order. What is no such block is passed over: what it is for is lost as before. */
export async function mendedBlocks({ stream, subjects, logId }: Log): Promise<BlockInfo[]> {
  const found: BlockInfo[] = []
  for (const subject of await subjectsIn(stream, subjects.allMended)) {
    const message = await lastOf(stream, subject)
    const read = message && readEventsMessage(logId, { seq: message.seq, headers: message.header })
    if (read?.kind === 'block' && read.block.number === mendedOf(subject)) found.push(read.block)
  }
  return found.toSorted((a, b) => a.number - b.number)
}

const isSame = (a: BlockInfo, b: BlockInfo): boolean => a.count === b.count && a.firstIndex === b.firstIndex && a.lastSeq === b.lastSeq

/** Entries with what was put again where it belongs: where nothing else is, before the log's end. */
export function withMended(entries: readonly IndexEntry[], mended: readonly BlockInfo[], end: LogEnd): readonly IndexEntry[] {
  if (mended.length === 0) return entries
  const byNumber = new Map(mended.map((block) => [block.number, block]))
  const known = new Set(entries.filter(isBlock).map(({ number }) => number))
  const missing = mended.filter(({ number }) => !known.has(number))
  const all: IndexEntry[] = []
  /** Events up to the last block of `all`. */
  let index = 0
  const fill = (next: number, to: number): void => {
    while (missing.length > 0 && missing[0]!.number < next) {
      const block = missing.shift()!
      if (block.firstIndex < index || block.firstIndex + block.count > to) continue
      // What is damaged in its place is not missed any more.
      if (block.firstIndex === index) while (all.length > 0 && !isBlock(all.at(-1)!)) all.pop()
      all.push(block)
      index = block.firstIndex + block.count
    }
  }
  for (const entry of entries) {
    if (!isBlock(entry)) {
      all.push(entry)
      continue
    }
    fill(entry.number, entry.firstIndex)
    const again = byNumber.get(entry.number)
    all.push(again !== undefined && isSame(again, entry) ? { ...entry, again } : entry)
    index = entry.firstIndex + entry.count
  }
  fill(Infinity, end.index)
  return all
}
