/** What docs/scale.md says, measured anew: `node --conditions=@devtrail/source apps/replay/bench/scale.ts`. A few minutes. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogWriter } from '@devtrail/event-log'
import { hostsIn, jetStreamStore, type JetStreamLogStore } from '@devtrail/event-log-jetstream'
import type { AnyEvent } from '@devtrail/events'
import { startServers, type Servers } from '@devtrail/nats-server'
import { vocabulary } from '@devtrail/survey'
import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Simulation } from './simulated.ts'

const MIB = 1024 * 1024
const BLOCK = 4096
const BLOCKS = 40
const THOUSAND = Number(process.env['SCALE_HOSTS'] ?? 1000)

const meta: LogMeta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'bench' }, notes: [] }
const simulation = new Simulation()
const batches: AnyEvent[][] = Array.from({ length: BLOCKS }, () => structuredClone(simulation.next(BLOCK)) as AnyEvent[])
const perHost = batches.reduce((sum, { length }) => sum + length, 0)

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const memoryOf = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  )
}

const storeOf = (connection: NatsConnection, stream: string, host: string, replicas: 1 | 3): JetStreamLogStore =>
  jetStreamStore(connection, { stream, host, replicas }, vocabulary)

async function write(writer: LogWriter, some: readonly AnyEvent[][]): Promise<void> {
  for (const batch of some) await writer.append(batch)
  await writer.flush('written')
}

/** Several hosts at once, each its whole log. @returns events a second, of all. */
async function throughput(servers: Servers, hosts: number, replicas: 1 | 3, connections: number): Promise<number> {
  const stream = `T${replicas}-${hosts}-${connections}`
  const all = await Promise.all(Array.from({ length: connections }, () => servers.connect()))
  const writers: LogWriter[] = []
  for (let host = 0; host < hosts; host++) writers.push(await storeOf(all[host % connections]!, stream, `h${host}`, replicas).create(meta))
  // As much in all for any number of hosts.
  const each = Math.max(1, Math.floor((BLOCKS * 2) / hosts))
  const some = batches.slice(0, Math.min(BLOCKS, each))
  const begun = performance.now()
  await Promise.all(writers.map((writer) => write(writer, some)))
  const seconds = (performance.now() - begun) / 1000
  await Promise.all(writers.map((writer) => writer.close()))
  await (await jetstreamManager(all[0]!)).streams.delete(stream)
  return (hosts * some.reduce((sum, { length }) => sum + length, 0)) / seconds
}

async function table(servers: Servers, replicas: 1 | 3, counts: readonly number[]): Promise<void> {
  for (const hosts of counts) {
    const rates: number[] = []
    for (let round = 0; round < 3; round++) rates.push(await throughput(servers, hosts, replicas, Math.min(hosts, 8)))
    const [low, middle, high] = rates.toSorted((a, b) => a - b).map((rate) => Math.round(rate / 1000))
    say(`replicas ${replicas}, hosts ${hosts}: ${middle} thousand events/s (${low} to ${high})`)
  }
}

async function oneHost(servers: Servers): Promise<void> {
  const connection = await servers.connect()
  const writer = await storeOf(connection, 'ONE', 'h', 1).create(meta)
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await write(writer, batches)
  const { user, system } = process.cpuUsage(cpu)
  const wall = performance.now() - begun
  await writer.close()
  const { state } = await (await jetstreamManager(connection)).streams.info('ONE')
  say(
    `one host: ${perHost} events, ${(state.bytes / perHost).toFixed(2)} bytes and ${(state.messages / perHost).toFixed(6)} messages an event`,
  )
  say(`  ${((user + system) / perHost).toFixed(2)} µs of this processor an event, ${((wall * 1000) / perHost).toFixed(2)} µs in all`)
}

/** Hosts whose logs are all open at once. */
async function thousand(servers: Servers): Promise<void> {
  const connection = await servers.connect()
  const pid = servers.all[0]!.pid
  const manager = await jetstreamManager(connection)
  const [server, here] = [memoryOf(pid), process.memoryUsage().rss / MIB]
  const writers: LogWriter[] = []
  let begun = performance.now()
  for (let host = 0; host < THOUSAND; host++) writers.push(await storeOf(connection, 'MANY', `host-${host}`, 1).create(meta))
  say(`${THOUSAND} hosts: ${((performance.now() - begun) / THOUSAND).toFixed(1)} ms to begin one`)
  begun = performance.now()
  for (const batch of batches.slice(0, 1)) {
    await Promise.all(
      writers.map(async (writer) => {
        await writer.append(batch)
        await writer.flush('written')
      }),
    )
  }
  const seconds = (performance.now() - begun) / 1000
  const { state } = await manager.streams.info('MANY')
  const events = THOUSAND * BLOCK
  say(
    `  ${Math.round(events / seconds / 1000)} thousand events/s, ${state.messages} messages, ${(state.bytes / MIB).toFixed(0)} MiB, consumers ${state.consumer_count}`,
  )
  say(
    `  the server grew by ${(memoryOf(pid) - server).toFixed(0)} MiB, this process with all writers by ${(process.memoryUsage().rss / MIB - here).toFixed(0)} MiB`,
  )
  const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now()
    await work()
    say(`  ${what}: ${(performance.now() - start).toFixed(0)} ms`)
  }
  await timed('listing the hosts', () => hostsIn(connection, 'MANY'))
  const store = storeOf(connection, 'MANY', `host-${THOUSAND >> 1}`, 1)
  await timed('what the stream has of one', () => store.contents())
  await timed('opening one', async () => (await store.open()).close())
  begun = performance.now()
  await Promise.all(writers.map((writer) => writer.close()))
  say(`  ${((performance.now() - begun) / THOUSAND).toFixed(1)} ms to close one`)
  say(`  on disk ${(bytesBelow(servers.folder) / MIB).toFixed(0)} MiB`)
}

{
  await using servers = await startServers(1)
  await oneHost(servers)
  await table(servers, 1, [1, 2, 4, 16, 64])
}
{
  await using servers = await startServers(1)
  await thousand(servers)
}
{
  await using servers = await startServers(3)
  // Until the cluster has its leader.
  const connection = await servers.connect()
  for (let tries = 0; ; tries++) {
    try {
      await (await storeOf(connection, 'READY', 'h', 3).create(meta)).close()
      break
    } catch (error) {
      if (tries === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  await table(servers, 3, [1, 4, 16])
}
