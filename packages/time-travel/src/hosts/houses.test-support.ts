/** Houses in a street, each a host. */
import type { AnyEvent } from '@devtrail/events'
import { event, house, historyOf, numbered } from '../house.test-support.ts'
import type { History } from '../history.ts'
import { LogBlocks } from '../log-blocks.ts'
import { vocabularyOf } from '../machine.ts'
import { lookThrough, type HappeningFinder } from './happenings.ts'
import { mergeHosts } from './merge.ts'
import { placeClocks, type GivenOffset } from './place-clocks.ts'

export const vocabulary = vocabularyOf([house])

/** A house with one lamp that is lit, goes out, … at the given times in nanoseconds. */
export function lamp(...times: readonly number[]): AnyEvent[] {
  const found = event('house/lamp-found', { device: 1, name: 'lamp', bus: null }, { device: 1, time: times[0]! })
  const switched = times.map((time, i) =>
    event(i % 2 === 0 ? 'house/lit' : 'house/went-out', { device: 1 }, { device: 1, time, cause: [i + 1] }),
  )
  return numbered(found, ...switched)
}

export interface Street {
  readonly events: readonly AnyEvent[]
  readonly history: History
  readonly unordered: number
}

/** `given`: of each house but the first, by boot. */
export async function street(
  houses: readonly (readonly AnyEvent[])[],
  given: readonly (readonly (GivenOffset | undefined)[])[],
  { finders = [], drift = 0 }: { readonly finders?: readonly HappeningFinder[]; readonly drift?: number } = {},
): Promise<Street> {
  const sources = houses.map((events) => new LogBlocks({ read: () => events }, 3))
  const looks = await Promise.all(sources.map((source) => lookThrough(source.blocks(), finders)))
  const hosts = houses.map((_, i) => ({
    name: String.fromCodePoint(97 + i),
    look: looks[i]!,
    given: new Map((given[i - 1] ?? []).flatMap((offset, boot) => (offset === undefined ? [] : [[boot, offset] as const]))),
  }))
  const { clocks } = placeClocks(hosts, 0, drift)
  const events: AnyEvent[] = []
  const inputs = hosts.map(({ name, look }, i) => ({
    name,
    isReference: i === 0,
    blocks: () => sources[i]!.blocks(),
    look,
    clocks: clocks[i]!,
  }))
  const { unordered } = await mergeHosts(inputs, vocabulary, (e) => {
    events.push(e)
    return null
  })
  return { events, history: historyOf(events), unordered }
}

/** What is said of lamps, in short: `a 12 lit`, `~b 13 went-out`. */
export const told = ({ events }: Street): string[] =>
  events.flatMap(({ type, host, time, unordered }) =>
    host === undefined || !/lit|went-out/.test(type)
      ? []
      : [`${unordered ? '~' : ''}${String.fromCodePoint(96 + host)} ${time} ${type.slice('house/'.length)}`],
  )
