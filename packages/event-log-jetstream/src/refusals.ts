/** What a server says no to, in words that say what to do. */
import { JetStreamApiError } from '@nats-io/jetstream'
import { PermissionViolationError, RequestError, TimeoutError } from '@nats-io/transport-node'

/**
 * Why the stream cannot be used: `no-jetstream` the server or the account has none, `unsuitable` its settings, or those of the
 * server, would lose or refuse what a log needs, or are not those that were asked for, `full` it takes no more, `too-large` it takes no message of this size, `forbidden` the user may not,
 * `unreachable` no server answers, `gone` it was deleted meanwhile.
 */
export type StreamErrorCode = 'no-jetstream' | 'unsuitable' | 'full' | 'too-large' | 'forbidden' | 'unreachable' | 'gone'

/** The server or its stream refuses. What was acknowledged before is kept. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  readonly code: StreamErrorCode

  constructor(code: StreamErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const NOT_ENABLED = new Set([10_039, 10_076])
const RESOURCES = new Set([10_023, 10_028, 10_047])
const STORE_FAILED = 10_077
const TOO_LARGE = 10_054
const SEALED = 10_109
/** JetStream is there, and has no leader at the moment. */
const NO_LEADER = 10_008
/** There are not as many servers as replicas: no cluster, or too small a one. */
const TOO_FEW_SERVERS = new Set([10_005, 10_074])

/** Whether it is for good that the server stores no more: it says so with the status of what may pass. */
export function isForGood(error: JetStreamApiError): boolean {
  return isFull(error) || NOT_ENABLED.has(error.code)
}

function isFull({ code, message }: JetStreamApiError): boolean {
  return RESOURCES.has(code) || (code === STORE_FAILED && /maximum (bytes|messages|messages per subject)/.test(message))
}

/** The same as a StreamError where it is known what it means. */
export function told(error: unknown, stream: string): unknown {
  const as = (code: StreamErrorCode, says: string): StreamError => new StreamError(code, says, { cause: error })
  // Its class is not exported.
  if (error instanceof Error && error.name === 'JetStreamNotEnabled') return as('no-jetstream', noJetStream)
  if (error instanceof PermissionViolationError || error instanceof RequestError) {
    const cause = error instanceof RequestError ? error.cause : error
    if (cause instanceof PermissionViolationError) {
      return as('forbidden', `this user may not ${cause.operation} ${cause.subject}; ${neededBy(stream, whose(cause.subject))}`)
    }
    return error instanceof RequestError && error.isNoResponders() ? as('no-jetstream', noJetStream) : error
  }
  if (error instanceof TimeoutError) return as('unreachable', noAnswer(stream))
  if (!(error instanceof JetStreamApiError)) return error
  if (NOT_ENABLED.has(error.code)) return as('no-jetstream', noJetStream)
  if (TOO_FEW_SERVERS.has(error.code)) {
    return as(
      'unsuitable',
      `the stream ${stream} cannot be made on that many servers (the server says: ${error.message}); ask for fewer with --replicas, or a cluster that has them`,
    )
  }
  if (isFull(error)) {
    return as(
      'full',
      `the stream ${stream} takes no more (${error.message}); raise its limits, or those of the server and the account (max_file_store), purge hosts, or let it discard old messages`,
    )
  }
  if (error.code === NO_LEADER) return as('unreachable', noAnswer(stream))
  if (error.code === TOO_LARGE) return as('too-large', `the stream ${stream} takes no message of this size; raise its max_msg_size`)
  if (error.code === SEALED) return as('unsuitable', `the stream ${stream} is sealed, and takes nothing any more; name another one`)
  return error
}

/** What a host may have to be allowed, and no more: as README has it. */
function neededBy(stream: string, host: string): string {
  const alive = `devtrail-alive.${stream}.${host}.>`
  const api = ['INFO', ...['STREAM.INFO', 'STREAM.MSG.GET', 'DIRECT.GET', 'CONSUMER.CREATE'].map((what) => `${what}.${stream}`)]
  const consumers = [`CONSUMER.*.${stream}.>`, `CONSUMER.MSG.NEXT.${stream}.>`]
  return `who writes the log of ${host} needs to publish ${stream}.${host}.>, ${alive} and, below $JS.API, ${[...api, ...consumers].join(', ')}; to subscribe _INBOX.> and ${alive}; and to respond (who only reads needs neither ${stream}.${host}.> nor ${alive})`
}

/** Whose messages a subject has; HOST where it does not say. */
function whose(subject: string): string {
  const parts = subject.split('.')
  if (parts[0] === 'devtrail-alive') return parts[2] ?? 'HOST'
  return subject.startsWith('$') || subject.startsWith('_') ? 'HOST' : (parts[1] ?? 'HOST')
}

const noAnswer = (stream: string): string =>
  `no server answered for the stream ${stream}: none is there, or no majority of those that keep it (of three, two are needed); start them, and try again`

const noJetStream =
  'the server has no JetStream (or not for this account); start it with -js, or jetstream {} in its configuration, and name the domain, if it has one, as it does'
