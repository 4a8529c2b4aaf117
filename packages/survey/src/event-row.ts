import { dataToJson, seconds, type AnyEvent, type Json } from '@devtrail/events'
import { vocabulary } from './models.ts'
import type { Names } from './names.ts'
import { decodedData } from './words.ts'

/** An event as `events --json` prints it: one line. */
export function eventRow(names: Names, event: AnyEvent, digits: 6 | 9): { [key: string]: Json } {
  const device = names.of(event)
  const decoded = decodedData(names, event)
  return {
    seq: event.seq,
    entry: event.entry,
    time: seconds(event.time, digits),
    device: device === null ? null : names.device(device),
    type: event.type,
    cpu: event.cpu,
    actor: event.actor === null ? null : { pid: event.actor.pid, comm: event.actor.comm },
    cause: [...event.cause],
    data: dataToJson(vocabulary, event.type, event.data, digits),
    ...(Object.keys(decoded).length > 0 ? { decoded } : {}),
    ...(event.inferred ? { inferred: true } : {}),
    ...(event.context === undefined ? {} : { context: event.context }),
    ...(event.source === undefined ? {} : { source: event.source }),
    ...(event.where === undefined ? {} : { where: event.where }),
  }
}
