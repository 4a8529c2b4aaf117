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

const SCHEME = /^(nats|tls):\/\//
const ADDRESS = /^(nats|tls):\/\/(?:([^/]*)@)?([^/@]*)\/([^/]*)(?:\/([^/]*))?\/?$/
const SERVER = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/
const FORM = 'nats://SERVER[:PORT]/STREAM[/HOST]'

/** Whether a LOG is meant that is on a server. */
export const isAddress = (given: string): boolean => SCHEME.test(given)

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
  if (!servers.every((server) => SERVER.test(server))) refuse('has no server that can be asked')
  if (!TOKEN.test(stream)) refuse(stream === '' ? 'names no stream' : 'has another stream than one of A-Z a-z 0-9 _ -')
  if (host !== undefined && host !== '' && !TOKEN.test(host)) refuse('has another host than one of A-Z a-z 0-9 _ -')
  const [user = null, ...password] = who === undefined ? [] : who.split(':').map(decoded)
  return {
    servers,
    isTls: scheme === 'tls',
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
