/** Keeps the copy of a log in the cache up with the server while a command follows it. */
import { LogUsageError } from '@devtrail/event-log'
import { appendFileLog } from '@devtrail/event-log/file'
import { vocabulary } from '@devtrail/survey'
import type { Session } from '../cli/session.ts'
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

/** Goes on until the command is done. Where another devtrail keeps the copy up, that one's work is read. */
export function keepUp(folder: string, remote: RemoteLog, session: Session): void {
  const over = new AbortController()
  const following = followInto(folder, remote, over.signal).catch((error: unknown) => {
    if (over.signal.aborted || (error instanceof LogUsageError && error.code === 'locked')) return
    session.fail(error)
  })
  session.owns({
    async [Symbol.asyncDispose]() {
      over.abort()
      await following
    },
  })
}
