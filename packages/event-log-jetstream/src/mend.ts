/** Putting blocks again in the place of lost ones, from a copy of the log. */
import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { AnyEvent, Vocabulary } from '@devtrail/events'
import { LogUsageError, type LogReader } from '@devtrail/event-log'
import { StandaloneBuilder } from '@devtrail/event-log/store'
import { blockHeaders } from './block-message.ts'
import type { LostBlocks } from './lost.ts'
import type { Log } from './place.ts'
import { OvertakenError } from './publish.ts'
import { putSealed } from './sealed.ts'
import { lastOf } from './stream.ts'
import { zstd } from './zstd.ts'

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
