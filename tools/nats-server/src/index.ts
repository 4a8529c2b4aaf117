/** Real servers for tests and benches, each in a folder of its own and on ports that were free. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'

/** CI installs the server; there its absence is a failure and not a reason to skip. */
export const mustHaveServer = process.env['CI'] === 'true'
/** Why there is none; null when there is. */
export const reason = spawnSync('nats-server', ['--version']).status === 0 ? null : 'no nats-server here: apt-get install nats-server'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** One server: it can be killed and started again over what it kept. */
export class NatsServer {
  readonly url: string
  readonly #config: string
  #child: ChildProcess | null = null

  constructor(folder: string, port: number, more: string) {
    this.url = `nats://127.0.0.1:${port}`
    this.#config = join(folder, 'server.conf')
    writeFileSync(this.#config, `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: "${join(folder, 'store')}" }\n${more}`)
  }

  start(): void {
    this.#child = spawn('nats-server', ['-c', this.#config], { stdio: 'ignore' })
  }

  async #signal(name: NodeJS.Signals): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const over = new Promise((resolve) => child.once('exit', resolve))
    child.kill(name)
    await over
  }

  kill(): Promise<void> {
    return this.#signal('SIGKILL')
  }

  /** Stops it where it stands, as a network that is cut does to those who talk to it; `resume` ends that. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }
}

export interface Servers extends AsyncDisposable {
  readonly all: readonly NatsServer[]
  readonly urls: readonly string[]
  connect(): Promise<NatsConnection>
}

/** Connects as soon as somebody answers. */
async function connected(servers: readonly string[]): Promise<NatsConnection> {
  const end = Date.now() + 20_000
  for (;;) {
    try {
      return await connect({ servers: [...servers], maxReconnectAttempts: -1, reconnectTimeWait: 100, pingInterval: 1000, maxPingOut: 2 })
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Starts one server, or a cluster of three. */
export async function startServers(count: 1 | 3): Promise<Servers> {
  const root = mkdtempSync(join(tmpdir(), 'devtrail-nats-'))
  const routes = await Promise.all(Array.from({ length: count }, freePort))
  const all: NatsServer[] = []
  for (const [i, route] of routes.entries()) {
    const folder = mkdtempSync(join(root, `${i}-`))
    const others = routes.filter((port) => port !== route).map((port) => `nats-route://127.0.0.1:${port}`)
    const cluster = `server_name: n${i}\ncluster { name: devtrail, listen: "127.0.0.1:${route}", routes: [${others.map((o) => `"${o}"`).join(', ')}] }\n`
    all.push(new NatsServer(folder, await freePort(), count === 1 ? '' : cluster))
  }
  for (const server of all) server.start()
  const connections: NatsConnection[] = []
  const urls = all.map(({ url }) => url)
  return {
    all,
    urls,
    async connect() {
      const connection = await connected(urls)
      connections.push(connection)
      return connection
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(connections.map((connection) => connection.close()))
      await Promise.all(all.map((server) => server.kill()))
      rmSync(root, { recursive: true, force: true })
    },
  }
}
