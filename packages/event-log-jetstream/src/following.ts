/** What is added to a log, as it comes. */
import { LogDamagedError, type ReadRange } from '@devtrail/event-log'
import { Chain, isPast, mayHold, type BlockReader, type CheckedRange, type Waiting } from '@devtrail/event-log/store'
import type { JsMsg } from '@nats-io/jetstream'
import { blockOf, mustNotBeLetGo, type Reading } from './block-fetch.ts'
import { beginOfLog, consume, entryOf } from './block-index.ts'
import { isBlock, type IndexEntry } from './index-entry.ts'
import type { LogEnd } from './block-message.ts'
import { damagedIn, type Log } from './place.ts'
import { mustBeThere, StillThere } from './still-there.ts'

export function tellOrThrow({ onDamage }: ReadRange, damage: LogDamagedError): void {
  if (onDamage === undefined) throw damage
  onDamage(damage)
}

/** Where a log is followed from. */
export interface FollowStart {
  readonly log: Log
  /** Where the log ends that is known. */
  readonly end: LogEnd
  /** Number of the first message behind that, at least. */
  readonly message: number
  readonly reading: Reading
  /** @throws what ends the iteration. */
  readonly mustGoOn: () => void
}

/** Blocks that may hold what is wanted, as they come. */
export async function* followedBlocks(
  { log, end, message: from, reading, mustGoOn }: FollowStart,
  range: ReadRange,
  checked: CheckedRange,
  waiting: Waiting,
): AsyncGenerator<BlockReader, void> {
  mustGoOn()
  if (isPast(checked, 0)) return
  const chain = new Chain()
  chain.enter({ firstIndex: end.index, lastSeq: end.lastSeq })
  let { index } = end
  const coming = await consume(log, from, false)
  range.signal?.addEventListener('abort', waiting.ring)
  const there = new StillThere(log, waiting.ring)
  try {
    const items = coming.messages[Symbol.asyncIterator]()
    for (let next = items.next(); !waiting.isOver; mustGoOn()) {
      const found = await Promise.race([next, waiting.more().then(() => null)])
      there.must()
      if (found === null) continue
      if (found.done) return
      next = items.next()
      const entry = entryOf(log, found.value)
      if (entry === null) continue
      if (isBlock(entry)) {
        // It is there already: a stream that is filled from another one may have it again.
        if (entry.firstIndex + entry.count <= index) continue
        index = entry.firstIndex + entry.count
      }
      const block = await followedBlock(log, entry, found.value, checked, chain, reading, range)
      if (block !== null) yield block
      if (isPast(checked, chain.lastSeq)) return
    }
  } finally {
    there.end()
    range.signal?.removeEventListener('abort', waiting.ring)
    await coming.end()
  }
}

/** The block of a message that came, when it may hold what is wanted. */
async function followedBlock(
  log: Log,
  entry: IndexEntry,
  message: JsMsg,
  checked: CheckedRange,
  chain: Chain,
  reading: Reading,
  range: ReadRange,
): Promise<BlockReader | null> {
  const tell = async (damage: LogDamagedError): Promise<void> => {
    await mustBeThere(log)
    chain.broken()
    tellOrThrow(range, damage)
  }
  if (!isBlock(entry)) {
    await tell(entry)
    return null
  }
  const fault = chain.follow(entry)
  if (fault !== null) await mustNotBeLetGo(log, entry.firstIndex - 1, () => beginOfLog(log))
  if (fault !== null) await tell(damagedIn(log)(fault, entry.seq))
  if (!mayHold(entry, checked)) return null
  const block = await blockOf(log, entry, { seq: message.seq, data: message.data, header: message.headers! }, reading)
  if (!(block instanceof LogDamagedError)) return block
  await tell(block)
  return null
}
