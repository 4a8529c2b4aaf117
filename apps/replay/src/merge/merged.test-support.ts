/** Logs of several hosts, for tests: recordings, each a host's, merged in memory. */
import { hostOf, idWithin, type AnyEvent, type FieldKind } from '@devtrail/events'
import { History, LogBlocks, lookThrough, mergeHosts, placeClocks, type GivenOffset, type HappeningFinder } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { logOf } from '../recordings/kept-source.test-support.ts'
import { marks } from './options.ts'

export interface MergedHosts {
  readonly events: readonly AnyEvent[]
  readonly history: History
  /** By host, from 1: what number each event of its own log got, from its number. */
  readonly seqs: ReadonlyMap<number, ReadonlyMap<number, number>>
}

/** Merges events of hosts, of which the first's clock is the time line. `given`: of the others', in order. */
export async function merged(
  hosts: readonly (readonly AnyEvent[])[],
  given: readonly (GivenOffset | null)[],
  { drift = 0, finders = [marks] }: { readonly drift?: number; readonly finders?: readonly HappeningFinder[] } = {},
): Promise<MergedHosts> {
  const sources = hosts.map((events) => new LogBlocks({ read: () => events }, 100))
  const looks = await Promise.all(sources.map((source) => lookThrough(source.blocks(), finders)))
  const names = hosts.map((_, i) => `host-${i + 1}`)
  const { clocks } = placeClocks(
    names.map((name, i) => {
      const offset = i === 0 ? null : (given[i - 1] ?? null)
      return { name, look: looks[i]!, given: new Map(offset === null ? [] : looks[i]!.boots.map((_, boot) => [boot, offset])) }
    }),
    0,
    drift,
  )
  const events: AnyEvent[] = []
  const inputs = names.map((name, i) => ({
    name,
    isReference: i === 0,
    blocks: () => sources[i]!.blocks(),
    look: looks[i]!,
    clocks: clocks[i]!,
  }))
  await mergeHosts(inputs, vocabulary, (event) => {
    events.push(event)
    return null
  })
  const seqs = new Map<number, Map<number, number>>(names.map((_, i) => [i + 1, new Map()]))
  for (const { host, seq } of events) {
    if (host === undefined || seq === 0) continue
    const of = seqs.get(host)!
    of.set(of.size + 1, seq)
  }
  const log = await logOf(events)
  return { events, history: new History(log, models), seqs }
}

const IDS: ReadonlySet<FieldKind> = new Set<FieldKind>(['device', 'pagemap', 'region', 'managed'])

/** What a host's log said, from what the merged one says of it. */
export function ownEvents({ events, seqs }: MergedHosts, host: number, offset: number): AnyEvent[] {
  const back = new Map([...seqs.get(host)!].map(([own, seq]) => [seq, own]))
  const own = (id: number): number => {
    if (hostOf(id) !== host) throw new Error(`an incarnation of host ${hostOf(id)} in an event of host ${host}`)
    return idWithin(id)
  }
  return events.flatMap((event) => {
    if (event.host !== host) return []
    const { fields } = vocabulary.get(event.type)
    const { host: _, unordered: __, ...rest } = event
    return {
      ...rest,
      seq: back.get(event.seq) ?? 0,
      time: event.time - offset,
      device: event.device === null ? null : own(event.device),
      cause: event.cause.map((cause) => (cause === 0 ? 0 : back.get(cause)!)),
      data: Object.fromEntries(
        Object.entries(event.data).map(([name, value]) => [
          name,
          IDS.has(fields[name]!.kind) && typeof value === 'number' ? own(value) : value,
        ]),
      ),
    }
  })
}
