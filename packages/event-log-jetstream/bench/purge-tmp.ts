import { connect } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
const c = await connect({ servers: 'nats://127.0.0.1:43333' })
const m = await jetstreamManager(c)
const [what, name, filter, keep] = process.argv.slice(2)
if (what === 'add') await m.streams.add({ name: name!, subjects: [`${name}.>`], max_age: 86400e9 })
if (what === 'purge') console.log(await m.streams.purge(name!, { filter: filter!, keep: Number(keep) }))
if (what === 'delete') await m.streams.delete(name!)
await c.close()
