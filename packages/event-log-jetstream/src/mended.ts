/** Blocks that were put again in the place of lost ones, from a copy of the log: each under a subject of its own, by its number. */
import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { LogUsageError, type LogReader } from '@devtrail/event-log'
import { StandaloneBuilder } from '@devtrail/event-log/store'
import { isBlock, type IndexEntry } from './block-index.ts'
import { blockHeaders, readEventsMessage, type BlockInfo, type LogEnd } from './block-message.ts'
import type { LostBlocks } from './lost.ts'
import type { Log } from './place.ts'
import { OvertakenError } from './publish.ts'
import { putSealed } from './sealed.ts'
import { lastOf, subjectsIn } from './stream.ts'
import { mendedOf } from './subjects.ts'
import { zstd } from './zstd.ts'

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

/** The lost events as a copy has them. @throws LogUsageError `not-found` when it has others, or not all. */
async function eventsOf(copy: LogReader, { firstIndex, events, firstSeq, lastSeq }: LostBlocks): Promise<AnyEvent[]> {
  const found: AnyEvent[] = []
  // Of a baseline only the place of each event is known.
  let skip = firstSeq === 0 ? firstIndex : 0
  for await (const event of copy.read({ from: firstSeq, to: lastSeq })) {
    if (skip > 0) skip--
    else found.push(event)
  }
  if (found.length === events && found.at(-1)!.seq === lastSeq) return found
  throw new LogUsageError('not-found', `the copy has ${found.length} events from ${firstSeq} to ${lastSeq}, and ${events} are lost`)
}

/** Puts lost events again, as a copy has them. @throws LogUsageError `not-found`. */
export async function mend(log: Log, lost: LostBlocks, copy: LogReader, vocabulary: Vocabulary): Promise<void> {
  const { stream, subjects, logId, patienceMs } = log
  const builder = new StandaloneBuilder(vocabulary)
  let [number, index] = [lost.number, lost.firstIndex]
  const put = async (): Promise<void> => {
    const { bytes: content, info } = builder.finish({ logId, number, crc32 }, index, zstd)
    const subject = subjects.mended(number)
    const headers = blockHeaders(logId, number, info)
    const id = `${Buffer.from(logId).toString('hex')}.mended.${number}.${randomUUID()}`
    const after = (await lastOf(stream, subject))?.seq ?? 0
    try {
      await putSealed(stream, { subject, content, headers, pieces: subjects.pieces, id, after, patienceMs })
    } catch (error) {
      // Somebody else does the same.
      if (!(error instanceof OvertakenError)) throw error
    }
    number++
    index += info.count
  }
  for (const event of await eventsOf(copy, lost)) {
    builder.add(event)
    if (builder.isFull && number < lost.number + lost.blocks - 1) await put()
  }
  if (builder.count > 0) await put()
}
