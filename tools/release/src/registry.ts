import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { run } from '@devtrail/workspace'

const STARTED_WITHIN_MS = 60_000

/** A registry on loopback that has only what is published to it. */
export interface Registry extends AsyncDisposable {
  readonly url: string
  /** Makes npm, and what calls it, take the packages of the house from here and all others from where they come. */
  readonly env: Readonly<Record<string, string>>
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

// Packages of the scope only, kept here, published by whoever knocks: it lives for minutes, on loopback.
const config = (storage: string): string => `
storage: ${JSON.stringify(storage)}
auth: { htpasswd: { file: ${JSON.stringify(join(storage, 'htpasswd'))} } }
packages:
  '@devtrail/*': { access: $all, publish: $all, unpublish: $all }
max_body_size: 100mb
log: { type: stdout, format: pretty, level: warn }
web: { enable: false }
`

/** Starts the real thing: Verdaccio, installed by its own lockfile in `folder`. */
export async function startRegistry(folder: string, temp: string, pnpm: readonly string[]): Promise<Registry> {
  run('npx', ['--yes', ...pnpm, 'install', '--frozen-lockfile'], { cwd: folder })
  mkdirSync(temp, { recursive: true })
  const configFile = join(temp, 'config.yaml')
  writeFileSync(configFile, config(join(temp, 'storage')))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const cli = join(folder, 'node_modules/verdaccio/bin/verdaccio')
  const child = spawn(process.execPath, [cli, '--config', configFile, '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  child.stderr.on('data', (chunk) => (said += chunk))
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const until = Date.now() + STARTED_WITHIN_MS
  for (;;) {
    if (
      await fetch(`${url}-/ping`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break
    if (child.exitCode !== null || Date.now() > until) {
      child.kill()
      throw new Error(`the registry did not start:\n${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const userConfig = join(temp, 'npmrc')
  writeFileSync(userConfig, `@devtrail:registry=${url}\n//127.0.0.1:${port}/:_authToken=rehearsal\n`)
  return {
    url,
    // Both spellings: a script that npm or npx started has the lower one in its environment already.
    env: { NPM_CONFIG_USERCONFIG: userConfig, npm_config_userconfig: userConfig },
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await ended
    },
  }
}
