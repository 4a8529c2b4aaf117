/** A log on a server. */
import { LogUsageError } from '@devtrail/event-log'
import { hostsIn, jetStreamStore, type JetStreamLogStore } from '@devtrail/event-log-jetstream'
import { vocabulary } from '@devtrail/survey'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { addressOf, type Address } from './address.ts'
import { connectTo, type Connected } from './connect.ts'
import { tellWaiting } from './waiting.ts'

export interface RemoteLog {
  readonly store: JetStreamLogStore
  readonly stream: string
  readonly host: string
  /** Its address, as it may be printed. */
  readonly text: string
}

/** How long a server that does not answer is asked again by who reads, in milliseconds. */
const READING_MS = 10_000
/** Hosts named in an error at most. */
const NAMED_MAX = 20

function namesOf(hosts: readonly string[]): string {
  const rest = hosts.length - NAMED_MAX
  return hosts.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** The hosts of a stream. @throws Failure when there is no such stream. */
async function hostsOf({ connection, jetstream, text }: Connected, stream: string): Promise<readonly string[]> {
  try {
    return await hostsIn(connection, stream, jetstream)
  } catch (error) {
    if (!(error instanceof LogUsageError) || error.code !== 'not-found') throw error
    throw new Failure(exit.damaged, `there is no stream at ${text(null)}; devtrail ship makes it, nats stream ls lists those there are`)
  }
}

/** The log that an address names; the only one there is where it names no host. @throws Failure. */
export async function remoteLog(given: string, session: Session): Promise<RemoteLog> {
  const address = addressOf(given)
  const connected = await connectTo(address, session)
  const { stream } = address
  const hosts = await hostsOf(connected, stream)
  const host = address.host ?? (hosts.length === 1 ? hosts[0]! : null)
  if (host === null) {
    const there = connected.text(null)
    if (hosts.length === 0) throw new Failure(exit.damaged, `there is no log in ${there} yet; devtrail ship LOG ${there} puts one there`)
    throw new Failure(
      exit.usage,
      `${there} has logs of ${hosts.length} hosts; name one of them as in ${there}/${hosts[0]}: ${namesOf(hosts)}`,
    )
  }
  if (!hosts.includes(host)) {
    const others = hosts.length === 0 ? 'there is none of others either' : `there are logs of ${namesOf(hosts)}`
    throw new Failure(exit.damaged, `there is no log of ${host} in ${connected.text(null)}; ${others}`)
  }
  return {
    store: jetStreamStore(connected.connection, { stream, host, patienceMs: READING_MS, ...connected.jetstream }, vocabulary),
    stream,
    host,
    text: connected.text(host),
  }
}

export interface Shipping {
  readonly host: string
  /** Servers that each message is on; null: as the stream has it. */
  readonly replicas: 1 | 3 | 5 | null
  /** Waits for a server for ever. */
  readonly patient: boolean
}

/** How long a server that went away is waited for by who is not patient, in milliseconds. */
const PATIENCE_MS = 60_000

/** The log of a host that is to be written, there or not yet. @throws Failure. */
export async function shipTo(address: Address, { host, replicas, patient }: Shipping, session: Session): Promise<RemoteLog> {
  const { connection, jetstream, text } = await connectTo(address, session)
  const { stream } = address
  const patienceMs = patient ? Infinity : PATIENCE_MS
  const onWaiting = tellWaiting(text(null), patienceMs, (says) => session.note(says))
  const options = { stream, host, patienceMs, onWaiting, ...jetstream, ...(replicas !== null && { replicas }) }
  return { store: jetStreamStore(connection, options, vocabulary), stream, host, text: text(host) }
}
