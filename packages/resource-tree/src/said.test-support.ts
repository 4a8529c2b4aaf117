/** Events as a live tree or an import would say them. */
import { Emitter, ManualClock, type Sink } from '@devtrail/events'

export type Said = readonly [type: string, data: object]

/** Hands the events to a sink, numbered from 1. */
export function say(sink: Sink, events: readonly Said[]): void {
  const emitter = new Emitter(new ManualClock(), sink)
  for (const [type, data] of events) emitter.emit(type, data)
}

export const gap: Said = ['log/gap', { reason: 'lost', lost: null, cpu: null }]

const usual = { root: 'iomem', flags: 0n, pointer: null, nodeFlags: null, desc: null, place: null, adopted: null }

export const requested = (region: number, parent: number | null, start: bigint, end: bigint, how = 'request_region'): Said => [
  'resource-tree/requested',
  {
    ...usual,
    region,
    parent,
    start,
    end,
    name: `n${region}`,
    how,
  },
]
