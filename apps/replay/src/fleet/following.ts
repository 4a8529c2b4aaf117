/** Keeps the copy of a log in the cache up with the server while a command follows it. */
import { setTimeout as wait } from 'node:timers/promises'
import { LogUsageError } from '@devtrail/event-log'
import { appendFileLog } from '@devtrail/event-log/file'
import { StreamError } from '@devtrail/event-log-jetstream'
import { vocabulary } from '@devtrail/survey'
import type { Session } from '../session/session.ts'
import { haveIn } from './mirror.ts'
import type { RemoteLog } from './remote.ts'

async function followInto(folder: string, remote: RemoteLog, signal: AbortSignal): Promise<void> {
  // Before the server is asked: who has to wait asks for nothing.
  await using writer = await appendFileLog(folder, vocabulary, { compress: true })
  await using reader = await remote.store.open()
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

/** How often it is looked whether another devtrail still keeps the copy up, or a server is there again, in milliseconds. */
const AGAIN_MS = 1000

/** Another devtrail keeps the copy up: its work is read, and taken over when it ends. Or no server answers, which may change. */
function mayPass(error: unknown): boolean {
  if (error instanceof StreamError) return error.code === 'unreachable'
  return error instanceof LogUsageError && error.code === 'locked'
}

/** Follows again and again, until the signal. @throws what does not pass. */
export async function followOn(follow: () => Promise<void>, signal: AbortSignal, againMs = AGAIN_MS): Promise<void> {
  while (!signal.aborted) {
    try {
      await follow()
    } catch (error) {
      if (!mayPass(error)) throw error
    }
    await wait(againMs, undefined, { signal })
  }
}

/** Goes on until the command is done. */
export function keepUp(folder: string, remote: RemoteLog, session: Session): void {
  const over = new AbortController()
  const following = followOn(() => followInto(folder, remote, over.signal), over.signal).catch((error: unknown) => {
    if (!over.signal.aborted) session.fail(error)
  })
  session.owns({
    async [Symbol.asyncDispose]() {
      over.abort()
      await following
    },
  })
}
