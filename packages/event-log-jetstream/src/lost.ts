/** What a stream lost of a log that it should have: messages that are gone, and such as are not what was written. */
import { LogDamagedError } from '@devtrail/event-log'
import { firstSeqOf } from '@devtrail/event-log/store'
import { blockOf, MessagesAhead, mustNotBeLetGo, readingOf } from './block-fetch.ts'
import { beginOfLog, type Index } from './block-index.ts'
import { isBlock } from './index-entry.ts'
import type { BlockInfo } from './block-message.ts'
import { damagedIn, type Log } from './place.ts'
import type { Vocabulary } from '@devtrail/events'

/** Events that cannot be read any more, one after the other. */
export interface LostEvents {
  /** How many, the baseline's included. */
  readonly events: number
  /** `seq` of the first and the last; 0 is the baseline. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** What is damaged, and where. */
  readonly damage: LogDamagedError
}

/** Where they belong. */
export interface LostBlocks extends LostEvents {
  /** Number of the first block of them, and how many blocks there were. */
  readonly number: number
  readonly blocks: number
  /** Events of the log before them. */
  readonly firstIndex: number
}

type End = { readonly number: number; readonly index: number; readonly lastSeq: number }

/** Events between two ends; null: none. */
function between(before: End, after: End, damage: LogDamagedError): LostBlocks | null {
  const events = after.index - before.index
  if (events <= 0) return null
  // Those of the baseline have no number of their own.
  const firstSeq = Math.max(after.lastSeq - events + 1, before.lastSeq === 0 ? 0 : before.lastSeq + 1)
  const blocks = Math.max(1, after.number - before.number)
  return { events, firstSeq, lastSeq: after.lastSeq, damage, number: before.number + 1, blocks, firstIndex: before.index }
}

const beginOf = (block: BlockInfo): End => ({
  number: block.number - 1,
  index: block.firstIndex,
  lastSeq: Math.max(0, firstSeqOf(block) - 1),
})
const endOfBlock = ({ number, firstIndex, count, lastSeq }: BlockInfo): End => ({ number, index: firstIndex + count, lastSeq })

/** @param isRead whether each block is read; else only that there is a message of it. */
export async function lostIn(log: Log, { entries, gone, end }: Index, vocabulary: Vocabulary, isRead: boolean): Promise<LostBlocks[]> {
  const lost: LostBlocks[] = []
  const blocks = entries.filter(isBlock)
  const ahead = new MessagesAhead(log, blocks)
  const reading = readingOf(vocabulary)
  const none = (seq: number): LogDamagedError => damagedIn(log)({ expected: 'a block', found: 'no such message' }, seq)
  // A stream that lets go of what is old has no head to mend.
  const first = blocks[0]
  let at: End = log.stream.letsGo
    ? { number: (first?.number ?? end.blocks + 1) - 1, index: gone.events, lastSeq: gone.seq }
    : { number: 0, index: 0, lastSeq: 0 }
  let said: LogDamagedError | null = null
  const add = (found: LostBlocks | null): void => {
    if (found !== null) lost.push(found)
    said = null
  }
  for (const entry of entries) {
    if (!isBlock(entry)) {
      said ??= entry
      continue
    }
    add(between(at, beginOf(entry), said ?? none(entry.seq)))
    if (isRead) {
      const message = await ahead.next()
      if (message === null && log.stream.letsGo) await mustNotBeLetGo(log, entry.firstIndex, () => beginOfLog(log))
      const block = await blockOf(log, entry, message, reading)
      const damage = block instanceof LogDamagedError ? block : brokenIn(block)
      if (damage !== null) add(between(beginOf(entry), endOfBlock(entry), damage))
    }
    at = endOfBlock(entry)
  }
  add(between(at, { number: end.blocks, index: end.index, lastSeq: end.lastSeq }, said ?? none(0)))
  return lost
}

/** What makes no sense in a block whose checksum is right. */
function brokenIn(block: { readonly count: number; event(place: number): unknown }): LogDamagedError | null {
  try {
    for (let place = 0; place < block.count; place++) block.event(place)
    return null
  } catch (error) {
    if (error instanceof LogDamagedError) return error
    throw error
  }
}
