/** `nats://server:port/STREAM/HOST`: a log on a NATS server, named where a LOG is. */
import { exit, Failure } from '../session/failure.ts'
import { withoutSecrets } from '../session/secrets.ts'

/** Where a log is, or where logs are. */
export interface Address {
  /** `host:port` of each server that was named; empty: those of the environment or the context. */
  readonly servers: readonly string[]
  /** `tls://`: never without encryption. */
  readonly isTls: boolean
  readonly stream: string
  /** Null: none was named. */
  readonly host: string | null
  /** What the address itself says of who asks; never printed. */
  readonly user: string | null
  readonly password: string | null
}

const SCHEME = /^(nats|tls):\/\//i
/** Of anything that is no path. */
const ANY_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i
const ADDRESS = /^(nats|tls):\/\/(?:([^/]*)@)?([^/@]*)\/([^/]*)(?:\/([^/]*))?\/?$/i
const SERVER = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/
const PORT_MAX = 65_535
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/
const FORM = 'nats://SERVER[:PORT]/STREAM[/HOST]'

/** Whether a LOG is meant that is on a server. */
export const isAddress = (given: string): boolean => SCHEME.test(given)

/** That what is no path is not taken for one that nothing is at. @throws Failure. */
export function mustBePath(given: string): void {
  if (!ANY_SCHEME.test(given) || isAddress(given)) return
  const says = `${withoutSecrets(given)} is no place of a log; one on a server is ${FORM}, or tls://… for never without TLS`
  throw new Failure(exit.usage, says)
}

/** That what is to be written goes to a path. @throws Failure. */
export function mustBeWrittenHere(output: string): void {
  if (!ANY_SCHEME.test(output)) return
  const says = `-o writes to this machine, and ${withoutSecrets(output)} is not on it; name a folder or file, and send a log to a server with devtrail ship`
  throw new Failure(exit.usage, says)
}

function canBeAsked(server: string): boolean {
  const found = SERVER.exec(server)
  return found !== null && Number(found[1] ?? 0) <= PORT_MAX
}

/** A host's name in a stream that --host gives. @throws Failure. */
export function mustBeHost(name: string): void {
  if (TOKEN.test(name)) return
  const like = tokenLike(name)
  const says = `--host ${JSON.stringify(name.slice(0, 128))}: a host's name in a stream is 1 to 128 of A-Z a-z 0-9 _ -`
  throw new Failure(exit.usage, like === '' ? says : `${says}, such as ${like}`)
}

/** A machine's name as a stream can have it. */
export const tokenLike = (name: string): string => name.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 128)

/** @throws Failure that says how addresses look, without what this one holds of secrets. */
export function addressOf(given: string): Address {
  const refuse = (what: string): never => {
    throw new Failure(exit.usage, `${withoutSecrets(given)} ${what}; a log on a server is ${FORM}`)
  }
  const parts = ADDRESS.exec(given)
  if (parts === null)
    return refuse(/^[^/]*\/\/[^/]*\/[^/]+\/[^/]+\/./.test(given) ? 'names more than a stream and a host' : 'names no stream')
  const [, scheme, who, where = '', stream = '', host] = parts
  const servers = where === '' ? [] : where.split(',')
  if (!servers.every(canBeAsked)) refuse('has no server that can be asked')
  if (!TOKEN.test(stream)) refuse(stream === '' ? 'names no stream' : 'has another stream than one of A-Z a-z 0-9 _ -')
  if (host !== undefined && host !== '' && !TOKEN.test(host)) refuse('has another host than one of A-Z a-z 0-9 _ -')
  const [user = null, ...password] = who === undefined ? [] : who.split(':').map(decoded)
  return {
    servers,
    isTls: scheme!.toLowerCase() === 'tls',
    stream,
    host: host === undefined || host === '' ? null : host,
    user,
    password: password.length === 0 ? null : password.join(':'),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The address as it may be printed. */
export function addressText({ servers, isTls, stream }: Pick<Address, 'servers' | 'isTls' | 'stream'>, host: string | null): string {
  return `${isTls ? 'tls' : 'nats'}://${servers.join(',')}/${stream}${host === null ? '' : `/${host}`}`
}
