/** Hosts that write at once, and a thousand of them. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { LogWriter } from '@devtrail/event-log'
import { hostsIn } from '@devtrail/event-log-jetstream'
import type { AnyEvent } from '@devtrail/events'
import type { Servers } from '@devtrail/nats-server'
import { jetstreamManager } from '@nats-io/jetstream'
import { BLOCK, eventsIn, memoryOf, meta, MIB, ofThree, say, storeOf, write } from './measured.ts'

const THOUSAND = Number(process.env['SCALE_HOSTS'] ?? 1000)

/** Several hosts at once, each its whole log. @returns events a second, of all. */
async function throughput(servers: Servers, batches: readonly AnyEvent[][], hosts: number, replicas: 1 | 3): Promise<number> {
  const connections = Math.min(hosts, 8)
  const stream = `T${replicas}-${hosts}`
  const all = await Promise.all(Array.from({ length: connections }, () => servers.connect()))
  const writers: LogWriter[] = []
  for (let host = 0; host < hosts; host++) writers.push(await storeOf(all[host % connections]!, stream, `h${host}`, replicas).create(meta))
  // As much in all for any number of hosts.
  const some = batches.slice(0, Math.max(1, Math.floor((batches.length * 2) / hosts)))
  const begun = performance.now()
  await Promise.all(writers.map((writer) => write(writer, some)))
  const seconds = (performance.now() - begun) / 1000
  await Promise.all(writers.map((writer) => writer.close()))
  await (await jetstreamManager(all[0]!)).streams.delete(stream)
  await Promise.all(all.map((connection) => connection.close()))
  return (hosts * eventsIn(some)) / seconds
}

export async function byHosts(servers: Servers, batches: readonly AnyEvent[][], replicas: 1 | 3, counts: readonly number[]): Promise<void> {
  for (const hosts of counts) {
    const rates = await ofThree(() => throughput(servers, batches, hosts, replicas))
    const [middle, low, high] = rates.map((rate) => Math.round(rate / 1000))
    say(`replicas ${replicas}, hosts ${hosts}: ${middle} thousand events/s (${low} to ${high})`)
  }
}

export async function oneHost(servers: Servers, batches: readonly AnyEvent[][]): Promise<void> {
  const connection = await servers.connect()
  const events = eventsIn(batches)
  const writer = await storeOf(connection, 'ONE', 'h').create(meta)
  const cpu = process.cpuUsage()
  await write(writer, [...batches])
  const { user, system } = process.cpuUsage(cpu)
  await writer.close()
  const { state } = await (await jetstreamManager(connection)).streams.info('ONE')
  say(
    `one host: ${events} events, ${(state.bytes / events).toFixed(2)} bytes and ${(state.messages / events).toFixed(6)} messages an event`,
  )
  say(`  ${((user + system) / events).toFixed(2)} µs of the writer's processor an event`)
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  )
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  await work()
  say(`  ${what}: ${(performance.now() - start).toFixed(0)} ms`)
}

/** Hosts whose logs are all open at once. */
export async function manyHosts(servers: Servers, batch: readonly AnyEvent[]): Promise<void> {
  const connection = await servers.connect()
  const pid = servers.all[0]!.pid
  const manager = await jetstreamManager(connection)
  const [server, here] = [memoryOf(pid), process.memoryUsage().rss / MIB]
  const writers: LogWriter[] = []
  let begun = performance.now()
  for (let host = 0; host < THOUSAND; host++) writers.push(await storeOf(connection, 'MANY', `host-${host}`).create(meta))
  say(`${THOUSAND} hosts: ${((performance.now() - begun) / THOUSAND).toFixed(1)} ms to begin one`)
  say(`  with nothing but who they are the server grew by ${(memoryOf(pid) - server).toFixed(0)} MiB`)
  begun = performance.now()
  await Promise.all(writers.map((writer) => write(writer, [[...batch]])))
  const seconds = (performance.now() - begun) / 1000
  const { state } = await manager.streams.info('MANY')
  say(
    `  ${Math.round((THOUSAND * BLOCK) / seconds / 1000)} thousand events/s, ${state.num_subjects} subjects, ${state.messages} messages, ${(state.bytes / MIB).toFixed(0)} MiB, consumers ${state.consumer_count}`,
  )
  say(
    `  the server grew by ${(memoryOf(pid) - server).toFixed(0)} MiB, this process with all writers by ${(process.memoryUsage().rss / MIB - here).toFixed(0)} MiB`,
  )
  await timed('listing the hosts', () => hostsIn(connection, 'MANY'))
  const store = storeOf(connection, 'MANY', `host-${THOUSAND >> 1}`)
  await timed('what the stream has of one', () => store.contents())
  await timed('opening one', async () => (await store.open()).close())
  begun = performance.now()
  await Promise.all(writers.map((writer) => writer.close()))
  say(`  ${((performance.now() - begun) / THOUSAND).toFixed(1)} ms to close one`)
  say(`  on disk ${(bytesBelow(servers.folder) / MIB).toFixed(0)} MiB`)
}
