/** What live shipping's small blocks cost, and how late an event is. */
import type { LogWriter } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import type { Servers } from '@devtrail/nats-server'
import { jetstreamManager } from '@nats-io/jetstream'
import { batchesOf, meta, quantile, say, storeOf } from './measured.ts'

const LIVE_MS = Number(process.env['SCALE_LIVE_MS'] ?? 10_000)

/** Blocks of few events, one after the other. */
export async function bySize(servers: Servers): Promise<void> {
  const connection = await servers.connect()
  const manager = await jetstreamManager(connection)
  const events = batchesOf(2).flat()
  for (const size of [1, 4, 16, 64, 256, 1024, 4096]) {
    const writer = await storeOf(connection, 'SIZE', 'h').create(meta)
    const before = (await manager.streams.info('SIZE')).state
    const cpu = process.cpuUsage()
    for (let at = 0; at < events.length; at += size) {
      await writer.append(events.slice(at, at + size))
      await writer.flush('written')
    }
    const { user, system } = process.cpuUsage(cpu)
    const { state } = await manager.streams.info('SIZE')
    const [bytes, messages] = [state.bytes - before.bytes, state.messages - before.messages]
    await writer.close()
    await manager.streams.delete('SIZE')
    say(
      `${size} events a block: ${(bytes / events.length).toFixed(1)} bytes an event, ${(bytes / messages).toFixed(0)} a message, ${((user + system) / events.length).toFixed(1)} µs of the writer's processor an event`,
    )
  }
}

/** Ships what came since the last block was acknowledged, again and again, as `ship --follow` does. */
async function shipLive(writer: LogWriter, waiting: AnyEvent[], isOver: () => boolean): Promise<number> {
  let blocks = 0
  while (!isOver() || waiting.length > 0) {
    if (waiting.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      continue
    }
    await writer.append(waiting.splice(0))
    await writer.flush('written')
    blocks++
  }
  return blocks
}

/** An event every millisecond, followed from another connection. */
export async function live(servers: Servers, replicas: 1 | 3): Promise<void> {
  const [here, there] = [await servers.connect(), await servers.connect()]
  const name = `LIVE-${replicas}`
  const writer = await storeOf(here, name, 'h', replicas).create(meta)
  const reader = await storeOf(there, name, 'h', replicas).open()
  const events = batchesOf(Math.ceil(LIVE_MS / 4096) + 1).flat()
  const said: number[] = []
  const late: number[] = []
  const following = (async () => {
    for await (const batch of reader.followBatches({ from: 1 })) {
      const now = performance.now()
      for (const { seq } of batch) late.push(now - said[seq]!)
    }
  })().catch(() => {})
  const waiting: AnyEvent[] = []
  const begun = performance.now()
  const isOver = (): boolean => performance.now() - begun >= LIVE_MS
  let next = 0
  const timer = setInterval(() => {
    // A timer is late now and then: each event is said when it was due.
    for (; next < performance.now() - begun && !isOver(); next++) {
      const event = events[next]!
      said[event.seq] = begun + next
      waiting.push(event)
    }
  }, 1)
  const blocks = await shipLive(writer, waiting, isOver)
  clearInterval(timer)
  while (late.length < next) await new Promise((resolve) => setTimeout(resolve, 10))
  await reader.close()
  await following
  await writer.close()
  const { state } = await (await jetstreamManager(here)).streams.info(name)
  const [half, most, worst] = [0.5, 0.99, 1].map((part) => quantile(late, part).toFixed(1))
  say(
    `live, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, one event a millisecond: ${next} events in ${blocks} blocks of ${(next / blocks).toFixed(1)}, ${(state.bytes / next).toFixed(1)} bytes an event; seen elsewhere after ${half} ms (half), ${most} ms (99 %), ${worst} ms (all)`,
  )
}
