/** What docs/scale.md says, measured anew: `node --conditions=@devtrail/source apps/replay/bench/scale.ts`. A few minutes. */
import { loadavg } from 'node:os'
import { startServers } from '@devtrail/nats-server'
import { byDevices } from './scale/devices.ts'
import { byHosts, manyHosts, oneHost } from './scale/hosts.ts'
import { bySize, live } from './scale/live.ts'
import { batchesOf, meta, say, storeOf } from './scale/measured.ts'

const batches = batchesOf(40)
const busy = (): void => say(`load ${loadavg()[0]!.toFixed(1)}`)

busy()
{
  await using servers = await startServers(1)
  await oneHost(servers, batches)
  await byHosts(servers, batches, 1, [1, 2, 4, 16, 64])
  await byDevices(servers)
  await bySize(servers)
  await live(servers, 1)
}
busy()
{
  await using servers = await startServers(1)
  await manyHosts(servers, batches[0]!)
}
busy()
{
  await using servers = await startServers(3)
  // Until the cluster has its leader.
  const connection = await servers.connect()
  await (await storeOf(connection, 'READY', 'h', 3).create(meta)).close()
  await byHosts(servers, batches, 3, [1, 4, 16, 64])
  await live(servers, 3)
}
busy()
