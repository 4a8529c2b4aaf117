import { dataToJson, seconds, type AnyEvent, type Json } from '@devtrail/events'
import type { HostClocks } from '@devtrail/time-travel'
import { vocabulary } from './models.ts'
import type { Names } from './survey.ts'
import { decodedData } from './words.ts'

/** An event as `events --json` prints it: one line. `clocks`: of a log of several hosts, to say how sure its time is. */
export function eventRow(names: Names, event: AnyEvent, digits: 6 | 9, clocks?: HostClocks): { [key: string]: Json } {
  const { host } = event
  const clock = host === undefined || event.seq === 0 ? undefined : clocks?.at(host, event.seq)
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
    ...(host === undefined ? {} : { host: names.host(host) }),
    ...(clock === undefined ? {} : { uncertainty: clock?.uncertainty == null ? null : seconds(clock.uncertainty, digits) }),
    ...(event.unordered ? { unordered: true } : {}),
    ...(event.context === undefined ? {} : { context: event.context }),
    ...(event.source === undefined ? {} : { source: event.source }),
    ...(event.where === undefined ? {} : { where: event.where }),
  }
}
