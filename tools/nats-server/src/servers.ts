import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node'
import { freePort } from './free-port.ts'
import { Proxy } from './proxy.ts'
import { NatsServer } from './server.ts'

/** CI installs the server; there its absence is a failure and not a reason to skip. */
export const mustHaveServer = process.env['CI'] === 'true'
/** Why there is none; null when there is. */
export const reason = spawnSync('nats-server', ['--version']).status === 0 ? null : 'no nats-server here: apt-get install nats-server'

export interface ServersOptions {
  /** More of the configuration of each. */
  readonly config?: string
  /** The JetStream domain of all. */
  readonly domain?: string
  /** How clients connect. */
  readonly client?: NodeConnectionOptions
  /** All that servers and clients say goes through proxies, so that it can be cut. */
  readonly cuttable?: boolean
}

export interface Servers extends AsyncDisposable {
  readonly all: readonly NatsServer[]
  /** Where all keep what they keep. */
  readonly folder: string
  /** Where clients connect. */
  readonly urls: readonly string[]
  connect(options?: NodeConnectionOptions): Promise<NatsConnection>
  /** Cuts a server off from the others, and from clients, too, unless `onlyRoutes`. */
  cut(server: number, onlyRoutes?: boolean): void
  /** Mends what was cut. */
  mend(): void
}

/** Connects as soon as somebody answers. */
async function connected(servers: readonly string[], options: NodeConnectionOptions): Promise<NatsConnection> {
  const end = Date.now() + 20_000
  const usual = { maxReconnectAttempts: -1, reconnectTimeWait: 100, pingInterval: 1000, maxPingOut: 2, ignoreClusterUpdates: true }
  for (;;) {
    try {
      return await connect({ ...usual, servers: [...servers], ...options })
    } catch (error) {
      if (Date.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** What is between two servers of a cluster, or between a server (`to`) and its clients (`from` null). */
interface Line {
  readonly from: number | null
  readonly to: number
  readonly proxy: Proxy
}

/** Starts one server, or a cluster of three. */
export async function startServers(
  count: 1 | 3,
  { config = '', domain, client = {}, cuttable = false }: ServersOptions = {},
): Promise<Servers> {
  const root = mkdtempSync(join(tmpdir(), 'devtrail-nats-'))
  const routes = await Promise.all(Array.from({ length: count }, freePort))
  const lines: Line[] = []
  const line = async (from: number | null, to: number, port: number): Promise<number> => {
    if (!cuttable) return port
    const proxy = await Proxy.before(port)
    lines.push({ from, to, proxy })
    return proxy.port
  }
  const all: NatsServer[] = []
  const urls: string[] = []
  for (const [i, route] of routes.entries()) {
    const others: string[] = []
    for (const [j, port] of routes.entries()) if (j !== i) others.push(`"nats-route://127.0.0.1:${await line(i, j, port)}"`)
    // Where routes are proxies, no server is to hear of another's own port.
    const advertise = cuttable ? ', advertise: "127.0.0.1:1"' : ''
    const cluster = `server_name: n${i}\ncluster { name: devtrail, listen: "127.0.0.1:${route}", routes: [${others.join(', ')}]${advertise} }\n`
    const server = new NatsServer(mkdtempSync(join(root, `${i}-`)), await freePort(), `${count === 1 ? '' : cluster}${config}`, domain)
    all.push(server)
    urls.push(`nats://127.0.0.1:${await line(null, i, server.port)}`)
  }
  for (const server of all) server.start()
  const connections: NatsConnection[] = []
  return {
    all,
    folder: root,
    urls,
    async connect(options = {}) {
      const connection = await connected(urls, { ...client, ...options })
      connections.push(connection)
      return connection
    },
    cut(server, onlyRoutes = false) {
      for (const { from, to, proxy } of lines) if (from === server || (to === server && !(onlyRoutes && from === null))) proxy.cut()
    },
    mend() {
      for (const { proxy } of lines) proxy.mend()
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(connections.map((connection) => connection.close()))
      await Promise.all(all.map((server) => server.kill()))
      await Promise.all(lines.map(({ proxy }) => proxy.close()))
      rmSync(root, { recursive: true, force: true })
    },
  }
}
