/** Mends what a server has of a log from the log where it was recorded. */
import type { Session } from '../session/session.ts'
import type { OpenLog } from '../logs/open.ts'
import { spanText } from './holes.ts'
import type { RemoteLog } from './remote.ts'
import { mustBeItsBeginning, mustBeWhole } from './same-log.ts'
import { verifyRemote, type RemoteVerification } from './verify.ts'

export interface Repaired {
  /** What was put again, in words. */
  readonly mended: readonly string[]
  /** What is damaged still. */
  readonly found: RemoteVerification
}

/** Reads all that the server has, and puts again what of the events is lost or damaged. @throws Failure; as the store does. */
export async function repairRemote(remote: RemoteLog, from: OpenLog, session: Session): Promise<Repaired> {
  const { lastSeq } = await remote.store.contents()
  await mustBeWhole(from, 0)
  await mustBeItsBeginning(from, remote, lastSeq)
  return session.interrupt.shield(async () => {
    const lost = await remote.store.mend(from.reader, { read: true })
    const mended = lost.map(({ firstSeq, lastSeq: to }) => spanText({ from: firstSeq, to }))
    return { mended, found: await verifyRemote(remote) }
  })
}
