/** The events as avsc takes them: one record whose type is an enum. */
import type { AnyEvent } from '@devtrail/events'
import avro from 'avsc'
import { typeNames } from './events.ts'

/** Names of an Avro enum have no slash and no dash. */
const symbolOf = new Map(typeNames.map((name) => [name, name.replaceAll(/[^a-z]/g, '_')]))

const actor: avro.Schema = {
  type: 'record',
  name: 'actor',
  fields: [
    { name: 'pid', type: 'int' },
    { name: 'comm', type: 'string' },
  ],
}

const avroType = avro.Type.forSchema({
  type: 'record',
  name: 'event',
  fields: [
    { name: 'seq', type: 'long' },
    { name: 'entry', type: ['null', 'long'] },
    { name: 'time', type: 'long' },
    { name: 'device', type: ['null', 'long'] },
    { name: 'cpu', type: ['null', 'int'] },
    { name: 'actor', type: ['null', actor] },
    { name: 'cause', type: { type: 'array', items: 'long' } },
    { name: 'type', type: { type: 'enum', name: 'kind', symbols: [...symbolOf.values()] } },
    {
      name: 'data',
      type: {
        type: 'record',
        name: 'data',
        fields: [
          { name: 'pfn', type: 'long' },
          { name: 'n', type: 'int' },
          { name: 'who', type: 'string' },
        ],
      },
    },
  ],
})

/** Renames the type of each event; not to be measured. */
export function avroEvents(events: readonly AnyEvent[]): readonly AnyEvent[] {
  return events.map((event) => ({ ...event, type: symbolOf.get(event.type)! }))
}

const BUFFER_BYTES = 1 << 20
const EVENT_BYTES_MAX = 1024
const buffer = Buffer.alloc(BUFFER_BYTES)

export function avroBytes(events: readonly object[]): Buffer {
  return Buffer.concat(events.map((event) => avroType.toBuffer(event)))
}

/** Encodes events into one buffer that is used again when it is full. Returns how many bytes it were. */
export function encodeAvro(events: readonly object[]): number {
  let bytes = 0
  let at = 0
  for (const event of events) {
    if (at > BUFFER_BYTES - EVENT_BYTES_MAX) {
      bytes += at
      at = 0
    }
    at = avroType.encode(event, buffer, at)
  }
  return bytes + at
}
