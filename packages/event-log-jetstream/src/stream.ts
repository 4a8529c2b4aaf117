/** The stream that logs are kept in, and what is asked of it. */
import { JetStreamApiError, RetentionPolicy, StorageType, DiscardPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamClient, JetStreamManager, StoredMsg, StreamConfig } from '@nats-io/jetstream'
import { nanos, type NatsConnection } from '@nats-io/transport-node'
import { StreamError, told } from './refusals.ts'

/** How long the server knows a message that is sent again, in milliseconds. */
const DUPLICATES_MS = 10 * 60_000
/** Headers and subject of a message at most. */
const HEAD_BYTES = 16 * 1024
const PIECE_BYTES = 512 * 1024
/** Bytes of content that a message may have, at least. */
const CONTENT_BYTES_MIN = 4096
/** What JetStream says when there is no such stream, message or subject. */
export const STREAM_NOT_FOUND = 10059
const NO_MESSAGE = 10037
export const WRONG_LAST_SEQUENCE = 10071
/** When the message before is another one than was expected. */
export const WRONG_LAST_ID = 10070

/** Who is told for how long something is tried already. */
export type OnWaiting = ((ms: number) => void) | undefined

/** Which JetStream of those that a server reaches; its own when left out. */
export interface JetStreamAt {
  /** The domain, of a leaf node or a hub, as the server's configuration names it. */
  readonly domain?: string
  /** What an account's import put in the place of `$JS.API`. */
  readonly apiPrefix?: string
}

/** What a search for a stream needs. */
export interface Asking extends JetStreamAt {
  readonly onWaiting?: OnWaiting
}

/** What there is of it, as the client takes it. @throws StreamError. */
function clientOptions({ domain, apiPrefix }: JetStreamAt): { domain?: string; apiPrefix?: string } {
  if (domain !== undefined && apiPrefix !== undefined)
    throw new StreamError('unsuitable', 'a JetStream domain and an API prefix both say where JetStream is; name one of them')
  for (const name of [domain, apiPrefix]) {
    if (name === undefined || /^[^\s*>.]+(\.[^\s*>.]+)*$/.test(name)) continue
    throw new StreamError('unsuitable', `no JetStream is called ${JSON.stringify(name.slice(0, 128))}: blanks, * and > are not in names`)
  }
  return { ...(domain !== undefined && { domain }), ...(apiPrefix !== undefined && { apiPrefix }) }
}

/** What loses all of a stream: `restart` of its servers, for it is in their memory; one `server` of a cluster, for no other has it. */
type AtRisk = 'restart' | 'server' | null

function atRisk({ storage, num_replicas: replicas }: StreamConfig, { info }: NatsConnection): AtRisk {
  if (storage === StorageType.Memory) return 'restart'
  return replicas === 1 && (info?.cluster ?? '') !== '' ? 'server' : null
}

/** The stream of a connection. */
export interface Stream {
  readonly name: string
  /** Servers that a message is on before it is acknowledged. */
  readonly replicas: number
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly manager: JetStreamManager
  /** Whether any server that has a message hands it out; else the leader alone. */
  readonly isDirect: boolean
  /** Whether old messages are let go of, by age or for newer ones. */
  readonly letsGo: boolean
  readonly atRisk: AtRisk
  /** How old messages get, in milliseconds; Infinity where age is no reason to let go. */
  readonly ageMs: number
  /** How many messages, and bytes, the stream has before it lets go of older ones; Infinity where that is no reason. */
  readonly messagesMax: number
  readonly bytesMax: number
  /** Bytes of a message's content at most. */
  readonly contentBytes: number
  /** As JetStreamOptions has it. */
  readonly onWaiting: OnWaiting
}

export function codeOf(error: unknown): number | null {
  return error instanceof JetStreamApiError ? error.code : null
}

/** What settings of a stream would do to a log; null when it can be kept there. */
function unsuitable(config: StreamConfig): string | null {
  const { name, subjects, retention, max_msgs_per_subject: perSubject, no_ack: noAck, max_msg_size: size } = config
  if (!(subjects ?? []).includes(`${name}.>`)) return `takes ${(subjects ?? []).join(', ') || 'no subjects'} instead of ${name}.>`
  if (retention !== RetentionPolicy.Limits) return `has the retention ${retention}, by which messages go once they are read`
  if (perSubject > 0) return `keeps ${perSubject} messages a subject, and a log has all its blocks under one`
  if (noAck === true) return 'acknowledges nothing'
  if (size > 0 && size < CONTENT_BYTES_MIN + HEAD_BYTES)
    return `takes messages of at most ${size} bytes, ${CONTENT_BYTES_MIN + HEAD_BYTES} are needed`
  return null
}

function letsGo({ max_age: age, max_bytes: bytes, max_msgs: messages, discard }: StreamConfig): boolean {
  return age > 0 || (discard === DiscardPolicy.Old && (bytes > 0 || messages > 0))
}

const limitOf = ({ discard }: StreamConfig, most: number): number => (discard === DiscardPolicy.Old && most > 0 ? most : Infinity)

function mustSuit(config: StreamConfig): void {
  const fault = unsuitable(config)
  if (fault === null) return
  throw new StreamError('unsuitable', `the stream ${config.name} cannot keep logs: it ${fault}; name another stream, or change this one`)
}

/** The stream; null when there is none. @throws StreamError. */
export async function findStream(connection: NatsConnection, name: string, { onWaiting, ...at }: Asking = {}): Promise<Stream | null> {
  const options = clientOptions(at)
  try {
    const manager = await jetstreamManager(connection, options)
    const { config } = await manager.streams.info(name)
    mustSuit(config)
    const { max_msg_size: size } = config
    const most = Math.min(connection.info?.max_payload ?? PIECE_BYTES, size > 0 ? size : Infinity)
    return {
      name,
      replicas: config.num_replicas,
      isDirect: config.allow_direct,
      letsGo: letsGo(config),
      atRisk: atRisk(config, connection),
      ageMs: config.max_age > 0 ? config.max_age / nanos(1) : Infinity,
      messagesMax: limitOf(config, config.max_msgs),
      bytesMax: limitOf(config, config.max_bytes),
      connection,
      client: jetstream(connection, options),
      manager,
      contentBytes: Math.min(PIECE_BYTES, most - HEAD_BYTES),
      onWaiting,
    }
  } catch (error) {
    if (codeOf(error) === STREAM_NOT_FOUND) return null
    throw told(error, name)
  }
}

/** That messages of a log are not too large for the server, whatever the stream says. @throws StreamError. */
function mustTakeMessages({ info }: NatsConnection, name: string): void {
  const most = info?.max_payload ?? Infinity
  const least = CONTENT_BYTES_MIN + HEAD_BYTES
  if (most >= least) return
  const says = `the server takes messages of at most ${most} bytes (max_payload), the logs of ${name} need ${least}`
  throw new StreamError('unsuitable', `${says}; raise max_payload in its configuration to ${least} or more`)
}

/** That a stream can be written to, and is on as many servers as were asked for, if any number was. @throws StreamError. */
export function mustBeWritable({ connection, name, replicas }: Stream, asked: number | undefined): void {
  mustTakeMessages(connection, name)
  if (asked === undefined || asked === replicas) return
  const kept = `${replicas} ${replicas === 1 ? 'server' : 'servers'}`
  throw new StreamError('unsuitable', `stream ${name} is kept by ${kept}, not ${asked}; leave --replicas out, or change the stream`)
}

/** What a log needs beside its attachments: what it is, who writes, where it ends, a block. */
const BESIDE_BYTES = 64 * 1024

/** That a stream does not let go of attachments of so many bytes before all of them are there. @throws StreamError. */
export function mustHold({ name, bytesMax }: Stream, attachments: number): void {
  const needed = attachments + BESIDE_BYTES
  if (needed <= bytesMax) return
  const says = `the stream ${name} lets go of what is old at ${bytesMax} bytes (max_bytes), and the log's attachments alone are ${attachments}`
  throw new StreamError('unsuitable', `${says}: they would be gone before they are whole; raise max_bytes to ${needed} or more`)
}

/** The stream, made where there is none. Nothing in it is ever dropped: a full one refuses more. */
export async function makeStream(
  connection: NatsConnection,
  name: string,
  { replicas, ...asking }: Asking & { readonly replicas: number | undefined },
): Promise<Stream> {
  mustTakeMessages(connection, name)
  const found = await findStream(connection, name, asking)
  if (found !== null) {
    mustBeWritable(found, replicas)
    return found
  }
  const { onWaiting: _, ...at } = asking
  try {
    const manager = await jetstreamManager(connection, clientOptions(at))
    await manager.streams.add({
      name,
      subjects: [`${name}.>`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      num_replicas: replicas ?? 1,
      duplicate_window: nanos(DUPLICATES_MS),
      allow_direct: true,
    })
  } catch (error) {
    throw told(error, name)
  }
  const made = await findStream(connection, name, asking)
  // The leader of the servers knows of it a moment before the others do.
  if (made === null) throw new StreamError('unreachable', `the stream ${name} was made, and is not there yet; try again`)
  return made
}

/** The last message of a subject, as the stream's leader has it; null when there is none. */
export async function lastOf({ manager, name }: Stream, subject: string): Promise<StoredMsg | null> {
  try {
    return await manager.streams.getMessage(name, { last_by_subj: subject })
  } catch (error) {
    if (codeOf(error) === NO_MESSAGE) return null
    throw error
  }
}

/** A message by its number in the stream, from whichever server has it; null when it is gone. */
export async function messageAt({ manager, name, isDirect }: Stream, seq: number): Promise<StoredMsg | null> {
  const direct = isDirect ? await manager.direct.getMessage(name, { seq }).catch(() => null) : null
  if (direct !== null) return direct
  try {
    return await manager.streams.getMessage(name, { seq })
  } catch (error) {
    if (codeOf(error) === NO_MESSAGE) return null
    throw error
  }
}

/** The subjects, of those that fit, that there are messages of. */
export async function subjectsIn({ manager, name }: Stream, filter: string): Promise<string[]> {
  const { state } = await manager.streams.info(name, { subjects_filter: filter })
  return Object.keys(state.subjects ?? {})
}
