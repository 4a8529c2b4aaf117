/** Contexts of the `nats` command: named files that say where servers are and who asks them. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { exit, Failure } from '../session/failure.ts'

/** What of a context is understood here; all of it may be missing. */
export interface Context {
  readonly url?: string
  readonly user?: string
  readonly password?: string
  readonly token?: string
  readonly creds?: string
  readonly nkey?: string
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly jetstream_domain?: string
  readonly jetstream_api_prefix?: string
}

const FIELDS = [
  'url',
  'user',
  'password',
  'token',
  'creds',
  'nkey',
  'cert',
  'key',
  'ca',
  'jetstream_domain',
  'jetstream_api_prefix',
] as const
const NAME = /^[A-Za-z0-9_.-]{1,128}$/

function folder(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CONFIG_HOME'] ?? ''
  const home = env['HOME'] ?? ''
  return join(isAbsolute(xdg) ? xdg : join(isAbsolute(home) ? home : homedir(), '.config'), 'nats')
}

/** The fields of a file that are texts, and not empty. @throws Failure. */
async function fieldsOf(path: string): Promise<Context> {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is no JSON' : `cannot be read (${(error as NodeJS.ErrnoException).code})`
    throw new Failure(exit.usage, `the NATS context ${path} ${why}; see nats context ls`, { cause: error })
  }
  const given = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const texts = FIELDS.flatMap((name) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : []
  })
  return Object.fromEntries(texts)
}

/** The context of a name. @throws Failure. */
export async function contextNamed(name: string, env: NodeJS.ProcessEnv): Promise<Context> {
  if (!NAME.test(name)) throw new Failure(exit.usage, 'a NATS context is named by letters, digits and _ . -; see nats context ls')
  return fieldsOf(join(folder(env), 'context', `${name}.json`))
}

/** The context that `nats context select` chose; null when there is none. */
export async function contextSelected(env: NodeJS.ProcessEnv): Promise<Context | null> {
  const name = await readFile(join(folder(env), 'context.txt'), 'utf8').catch(() => null)
  if (name === null || !NAME.test(name.trim())) return null
  return fieldsOf(join(folder(env), 'context', `${name.trim()}.json`)).catch(() => null)
}
