/** Keeps the copy of a log in the cache up with the server while a command follows it. */
import { setTimeout as wait } from 'node:timers/promises'
import { LogUsageError } from '@devtrail/event-log'
import { appendFileLog } from '@devtrail/event-log/file'
import { vocabulary } from '@devtrail/survey'
import type { Session } from '../session/session.ts'
import { haveIn } from './mirror.ts'
import type { RemoteLog } from './remote.ts'

async function followInto(folder: string, remote: RemoteLog, signal: AbortSignal): Promise<void> {
  await using reader = await remote.store.open()
  await using writer = await appendFileLog(folder, vocabulary, { compress: true })
  const { events, lastSeq } = (await haveIn(folder))!
  let skip = lastSeq === 0 ? events : 0
  for await (const batch of reader.followBatches({ from: lastSeq === 0 ? 0 : lastSeq + 1, signal })) {
    const fresh = batch.slice(Math.min(skip, batch.length))
    skip -= batch.length - fresh.length
    if (fresh.length === 0) continue
    await writer.append(fresh)
    await writer.flush('written')
  }
}

/** How often it is looked whether another devtrail still keeps the copy up, in milliseconds. */
const OTHER_MS = 1000

/** Follows; while another devtrail keeps the copy up, that one's work is read, and it is taken over when it ends. */
async function followOn(folder: string, remote: RemoteLog, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await followInto(folder, remote, signal)
    } catch (error) {
      if (!(error instanceof LogUsageError) || error.code !== 'locked') throw error
    }
    await wait(OTHER_MS, undefined, { signal })
  }
}

/** Goes on until the command is done. */
export function keepUp(folder: string, remote: RemoteLog, session: Session): void {
  const over = new AbortController()
  const following = followOn(folder, remote, over.signal).catch((error: unknown) => {
    if (!over.signal.aborted) session.fail(error)
  })
  session.owns({
    async [Symbol.asyncDispose]() {
      over.abort()
      await following
    },
  })
}
