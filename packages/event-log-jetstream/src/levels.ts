/** What an acknowledgement of a server can promise. */
import { LogUsageError, type AckLevel } from '@devtrail/event-log'
import type { NatsConnection } from '@nats-io/transport-node'
import { StreamError } from './refusals.ts'

/** What is acknowledged of messages that servers took. */
export type Promised = Extract<AckLevel, 'written' | 'durable'>

/** The first version that can sync before it acknowledges. */
const SYNCS_SINCE = [2, 10] as const

/** @throws LogUsageError `not-durable`, with the reason and what would have to be so. */
export function mustBePromised(level: AckLevel, strongest: Promised): void {
  if (level !== 'durable' || strongest === 'durable') return
  throw new LogUsageError(
    'not-durable',
    'a NATS server acknowledges before it syncs its files (sync_interval, 2 minutes), and says nothing of when it does: what it took is "written", and nothing can be called "durable". Flush to "written" (or to the writer\'s strongest), or run servers of 2.10 or newer with jetstream { sync_interval: always } and say so: serverSyncs: \'always\'',
  )
}

/** @throws StreamError where a server is said to sync always that is too old to. */
export function promisedBy({ info }: NatsConnection, serverSyncs: 'lazily' | 'always'): Promised {
  if (serverSyncs === 'lazily') return 'written'
  const version = info?.version ?? 'unknown'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [sinceMajor, sinceMinor] = SYNCS_SINCE
  if (major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)) return 'durable'
  throw new StreamError(
    'unsuitable',
    `the server is NATS ${version}, which cannot sync always: sync_interval: always is known since ${SYNCS_SINCE.join('.')}; leave serverSyncs out, or use a newer server`,
  )
}
