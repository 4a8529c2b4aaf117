/** A connection to a NATS server, and what goes wrong on the way to one in words that say what to do. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { JetStreamAt } from '@devtrail/event-log-jetstream'
import { connect, AuthorizationError, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { addressText, type Address } from './address.ts'
import { accessTo, type ServerAccess } from './credentials.ts'

/** How long a server is waited for before there is a connection, in milliseconds. */
const CONNECT_MS = 5000

export interface Connected {
  readonly connection: NatsConnection
  readonly jetstream: JetStreamAt
  /** The address, with the servers that were meant, as it may be printed. */
  readonly text: (host: string | null) => string
}

const AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

/** The error and those that led to it. */
function* causes(error: unknown): Generator<Error & { readonly code?: unknown }> {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) yield at
}

/** @param where the address as it may be printed. */
function connectFailure(error: unknown, where: string, { isTls, options: { tls } }: ServerAccess): Failure {
  const fail = (what: string): Failure => new Failure(exit.damaged, what, { cause: error })
  for (const { code, message } of causes(error)) {
    if (typeof code === 'string' && AUTHORITY.has(code))
      return fail(`the certificate of ${where} is signed by nobody that is trusted (${code}); name the authority's with --tlsca`)
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return fail(`the certificate of ${where} is another server's: ${message}`)
    if (code === 'CERT_HAS_EXPIRED') return fail(`the certificate of ${where} has expired`)
    if (/server does not support 'tls'/.test(message)) return fail(`${where} does not speak TLS; name it with nats://, without --tls…`)
    if (code === 'ECONNREFUSED') return fail(`no server answers at ${where} (connection refused); start it, or name another one`)
    if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return fail(`there is no such host as in ${where}`)
  }
  if (error instanceof AuthorizationError)
    return fail(
      `${where} refuses who asks (${error.message}); name credentials with --creds or --nkey, NATS_USER and NATS_PASSWORD, or --context`,
    )
  // What it says to that comes too late for the client, which is told nothing.
  if (isTls && !(typeof tls === 'object' && tls !== null && 'certFile' in tls) && error instanceof Error && error.message === 'timeout')
    return fail(`${where} ends the conversation: it may want a certificate of who asks; name one with --tlscert and --tlskey`)
  if (error instanceof Error && error.message === 'timeout')
    return fail(
      `what answers at ${where} did not say within ${CONNECT_MS / 1000} s that it is a NATS server; look whether another program has that port, or a proxy before it`,
    )
  if (error instanceof Error && error.message === 'unexpected response from server')
    return fail(`what answers at ${where} is no NATS server`)
  const first = causes(error).next().value?.message ?? String(error)
  return fail(`cannot connect to ${where}${isTls ? ' over TLS' : ''}: ${first}`)
}

/** Tells when a connection is lost, and when it is there again, until it is closed. */
async function tellStatus(connection: NatsConnection, where: string, session: Session): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === 'disconnect') session.note(`the connection to ${where} is lost; trying again`)
    if (type === 'reconnect') session.note(`connected to ${where} again`)
  }
}

/** Secrets of a command line can be read by everybody on the machine: what others see of it is its name. */
function hideCommandLine({ user }: Address): void {
  if (user !== null) process.title = 'devtrail'
}

/** What Node tells of each socket that is made to connect. */
const SOCKETS = 'net.client.socket'

/** Connects, and closes what the client leaves open where that fails: it would keep the command from ending. */
async function connecting(options: NodeConnectionOptions): Promise<NatsConnection> {
  const sockets: Socket[] = []
  const made = (message: unknown): void => void sockets.push((message as { readonly socket: Socket }).socket)
  subscribe(SOCKETS, made)
  try {
    return await connect(options)
  } catch (error) {
    for (const socket of sockets) socket.destroy()
    throw error
  } finally {
    unsubscribe(SOCKETS, made)
  }
}

/** Connects for as long as the session goes on. @throws Failure. */
export async function connectTo(address: Address, session: Session): Promise<Connected> {
  hideCommandLine(address)
  const access: ServerAccess = await accessTo(address, session.server, process.env)
  const text = (host: string | null): string => addressText({ ...access, stream: address.stream }, host)
  const where = text(null).replace(/\/[^/]*$/, '')
  const connection = await connecting({
    ...access.options,
    name: 'devtrail',
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    pingInterval: 10_000,
    maxPingOut: 2,
  }).catch((error: unknown) => {
    throw connectFailure(error, where, access)
  })
  session.owns({ [Symbol.asyncDispose]: () => connection.close() })
  tellStatus(connection, where, session).catch(() => {})
  return { connection, jetstream: access.jetstream, text }
}
