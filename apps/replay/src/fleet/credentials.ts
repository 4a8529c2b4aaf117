/** Who asks a server, and how it is known to be the right one: by options, the environment, a context of `nats`, the address. */
import { readFile } from 'node:fs/promises'
import { credsAuthenticator, nkeyAuthenticator, type NodeConnectionOptions, type TlsOptions } from '@nats-io/transport-node'
import type { JetStreamAt } from '@devtrail/event-log-jetstream'
import { exit, Failure } from '../session/failure.ts'
import type { Address } from './address.ts'
import type { ServerOptions } from '../session/session.ts'
import { contextNamed, contextSelected, type Context } from './context.ts'

const DEFAULT_PORT = 4222

/** `host:port` of a URL or of a part of an address. */
function serverOf(url: string): string {
  const bare = url
    .trim()
    .replace(/^\w+:\/\//, '')
    .replace(/^.*@/, '')
    .replace(/\/.*$/, '')
  return /:\d+$/.test(bare) ? bare : `${bare}:${DEFAULT_PORT}`
}

const serversIn = (urls: string): string[] => urls.split(',').map(serverOf)

/** What environment variables say, as a context does. */
function contextOf(env: NodeJS.ProcessEnv): Context {
  const of = (name: string): string | undefined => env[name] || undefined
  const named = {
    url: of('NATS_URL'),
    user: of('NATS_USER'),
    password: of('NATS_PASSWORD'),
    token: of('NATS_TOKEN'),
    creds: of('NATS_CREDS'),
    nkey: of('NATS_NKEY'),
    cert: of('NATS_CERT'),
    key: of('NATS_KEY'),
    ca: of('NATS_CA'),
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

/** A context that was only selected counts where it is about the servers that are asked: no secret goes to others. */
async function contextFor({ servers }: Address, { context }: ServerOptions, env: NodeJS.ProcessEnv): Promise<Context> {
  const name = context ?? (env['NATS_CONTEXT'] || undefined)
  if (name !== undefined) return contextNamed(name, env)
  const selected = await contextSelected(env)
  if (selected === null) return {}
  const its = serversIn(selected.url ?? `127.0.0.1:${DEFAULT_PORT}`)
  if (servers.length > 0) return servers.every((server) => its.includes(serverOf(server))) ? selected : {}
  return env['NATS_URL'] ? {} : selected
}

async function fileOf(path: string, what: string): Promise<Uint8Array> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure(exit.usage, `cannot read ${what} ${path} (${error.code}); name another file`, { cause: error })
  })
}

type Who = Pick<NodeConnectionOptions, 'authenticator' | 'user' | 'pass' | 'token'>

async function credsIn(path: string): Promise<Who> {
  const creds = await fileOf(path, 'the credentials')
  if (!/-----BEGIN [A-Z ]*NKEY SEED-----/.test(Buffer.from(creds).toString('latin1')))
    throw new Failure(exit.usage, `${path} holds no credentials (a user's JWT and seed), as nsc writes them`)
  return { authenticator: credsAuthenticator(creds) }
}

async function nkeyIn(path: string): Promise<Who> {
  const seed = Buffer.from(await fileOf(path, 'the nkey'))
    .toString('latin1')
    .trim()
  if (!/^SU[A-Z2-7]{56}$/.test(seed)) throw new Failure(exit.usage, `${path} holds no seed of a user's nkey (SU…)`)
  return { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) }
}

/** A user without a password is a token, as the `nats` command has it. */
function named(user: string, password: string | undefined): Who {
  return password === undefined ? { token: user } : { user, pass: password }
}

/** The nearest wins: an option, the address, the environment, the context; of each a file before a word. */
async function whoOf(address: Address, options: ServerOptions, env: Context, context: Context): Promise<Who> {
  if (options.creds !== undefined) return credsIn(options.creds)
  if (options.nkey !== undefined) return nkeyIn(options.nkey)
  if (address.user !== null) return named(address.user, address.password ?? undefined)
  for (const { creds, nkey, user, password, token } of [env, context]) {
    if (creds !== undefined) return credsIn(creds)
    if (nkey !== undefined) return nkeyIn(nkey)
    if (user !== undefined) return named(user, password)
    if (token !== undefined) return { token }
  }
  return {}
}

async function tlsOf(isTls: boolean, options: ServerOptions, env: Context, context: Context): Promise<TlsOptions | null> {
  const cert = options.tlscert ?? env.cert ?? context.cert
  const key = options.tlskey ?? env.key ?? context.key
  const ca = options.tlsca ?? env.ca ?? context.ca
  if ((cert === undefined) !== (key === undefined))
    throw new Failure(exit.usage, 'a certificate has a key: --tlscert and --tlskey (NATS_CERT and NATS_KEY) go together')
  for (const [path, what] of [
    [cert, 'the certificate'],
    [key, "the certificate's key"],
    [ca, 'the certificate of the authority'],
  ] as const) {
    if (path !== undefined) await fileOf(path, what)
  }
  if (!isTls && cert === undefined && ca === undefined) return null
  return { ...(cert !== undefined && { certFile: cert, keyFile: key! }), ...(ca !== undefined && { caFile: ca }) }
}

/** Words between dots, as subjects have them. */
const JETSTREAM = /^[^\s*>.]+(?:\.[^\s*>.]+)*$/

/** An option before the context. @throws Failure. */
function jetstreamAt({ jsDomain, jsApiPrefix }: ServerOptions, context: Context): JetStreamAt {
  if (jsDomain !== undefined && jsApiPrefix !== undefined)
    throw new Failure(exit.usage, '--js-domain and --js-api-prefix both say where JetStream is; name one of them')
  const isGiven = jsDomain !== undefined || jsApiPrefix !== undefined
  const domain = isGiven ? jsDomain : context.jetstream_domain
  const apiPrefix = isGiven ? jsApiPrefix : domain === undefined ? context.jetstream_api_prefix : undefined
  for (const [name, option] of [
    [domain, '--js-domain'],
    [apiPrefix, '--js-api-prefix'],
  ] as const) {
    if (name !== undefined && !JETSTREAM.test(name))
      throw new Failure(exit.usage, `${option} ${name}: no JetStream is called so; blanks, * and > are not in names`)
  }
  return { ...(domain !== undefined && { domain }), ...(apiPrefix !== undefined && { apiPrefix }) }
}

/** Where servers are, and what they are told. */
export interface ServerAccess {
  /** `host:port` of each. */
  readonly servers: readonly string[]
  readonly isTls: boolean
  readonly options: NodeConnectionOptions
  /** Which JetStream of those that the servers reach. */
  readonly jetstream: JetStreamAt
}

/** @throws Failure when what was named cannot be used. */
export async function accessTo(address: Address, options: ServerOptions, environment: NodeJS.ProcessEnv): Promise<ServerAccess> {
  const env = contextOf(environment)
  const context = await contextFor(address, options, environment)
  const url = env.url ?? context.url ?? `127.0.0.1:${DEFAULT_PORT}`
  const servers = address.servers.length > 0 ? address.servers.map(serverOf) : serversIn(url)
  const isTls = address.isTls || (address.servers.length === 0 && url.startsWith('tls://'))
  const tls = await tlsOf(isTls, options, env, context)
  const who = await whoOf(address, options, env, context)
  const jetstream = jetstreamAt(options, context)
  return { servers, isTls: tls !== null, jetstream, options: { servers: [...servers], ...who, ...(tls !== null && { tls }) } }
}
