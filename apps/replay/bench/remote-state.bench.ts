/** `state` of a log on a server, once its copy is in the cache, beside the same of a log folder: whole commands, in turn. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { timedBench, workFolder, type Bench, type Work } from '@devtrail/bench'
import { startServers, type Servers } from '@devtrail/nats-server'
import { writeSimulated } from './simulated-log.ts'

const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000)
const DIST = join(import.meta.dirname, '../dist')
const MAIN = join(DIST, 'main.js')

interface Shared {
  readonly servers: Servers
  readonly cache: string
  readonly local: string
  readonly remote: string
}

/** The fold whose keyframes the built command looks for. */
function foldOfDist(): string {
  const program = `import { foldVersion } from ${JSON.stringify(pathToFileURL(join(DIST, 'logs/code-version.js')).href)}; process.stdout.write(foldVersion())`
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
}

async function setUp(): Promise<Shared> {
  const folder = workFolder(EVENTS * 200)
  const local = await writeSimulated(folder, EVENTS, () => {}, foldOfDist())
  const servers = await startServers(1)
  await servers.connect()
  const cache = join(folder, 'cache')
  const remote = `${servers.urls[0]}/FLEET/h`
  const shared = { servers, cache, local, remote }
  command(shared, 'ship', local, remote)
  // The first read fetches it.
  command(shared, 'state', remote)
  return shared
}

const command = ({ cache }: Pick<Shared, 'cache'>, ...args: readonly string[]): string =>
  execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, XDG_CACHE_HOME: cache } })

function asking(shared: Shared, log: string): Work {
  let asked = 0
  return {
    run: () => {
      command(shared, 'state', log, '--json', '--at', String(1 + ((asked++ * 7919) % EVENTS)))
      return 1
    },
  }
}

export const benches: readonly Bench[] = [
  timedBench({
    name: 'replay/remote-state',
    about: `devtrail state at places of a log of ${EVENTS} events: on a server on this machine, its copy in the cache; in a folder`,
    unit: 'answer',
    millisMin: 200,
    setUp,
    ours: (shared) => ({ ...asking(shared, shared.remote), close: async () => shared.servers[Symbol.asyncDispose]() }),
    peers: [{ name: 'a folder', goal: 1 / 3, goalText: 'at most 3 times', work: (shared) => asking(shared, shared.local) }],
  }),
]
