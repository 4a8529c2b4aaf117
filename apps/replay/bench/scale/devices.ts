/** What an event costs as a host's devices become more. */
import type { Servers } from '@devtrail/nats-server'
import { jetstreamManager } from '@nats-io/jetstream'
import { batchesOf, eventsIn, meta, ofThree, say, storeOf, write } from './measured.ts'

const DEVICES = [1, 4, 16, 64, 256, 1024]

export async function byDevices(servers: Servers): Promise<void> {
  const connection = await servers.connect()
  const manager = await jetstreamManager(connection)
  for (const devices of DEVICES) {
    const batches = batchesOf(20, devices)
    const events = eventsIn(batches)
    let [bytes, messages] = [0, 0]
    const [micros, low, high] = await ofThree(async () => {
      const writer = await storeOf(connection, 'DEVICES', 'h').create(meta)
      const cpu = process.cpuUsage()
      await write(writer, batches)
      const { user, system } = process.cpuUsage(cpu)
      await writer.close()
      const { state } = await manager.streams.info('DEVICES')
      ;[bytes, messages] = [state.bytes, state.messages]
      await manager.streams.delete('DEVICES')
      return (user + system) / events
    })
    say(
      `devices ${devices}: ${(bytes / events).toFixed(2)} bytes an event, ${messages} messages of ${events} events, ${micros.toFixed(2)} µs of the writer's processor (${low.toFixed(2)} to ${high.toFixed(2)})`,
    )
  }
}
