import type { Json } from '@devtrail/events'
import { seconds } from '@devtrail/events'
import type { PlacedClock } from '@devtrail/time-travel'
import { number, offsetText, plural, uncertaintyText } from '@devtrail/survey'
import type { HostReport, MergeReport } from '../merge/merge-logs.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'

/** How far off a clock is at best and at worst; null: nothing is known of it. */
function uncertaintyOf({ segments }: PlacedClock): { readonly least: number; readonly most: number } | null {
  let [least, most] = [Infinity, 0]
  for (const { uncertainty } of segments) {
    if (uncertainty === null) return null
    least = Math.min(least, uncertainty)
    most = Math.max(most, uncertainty)
  }
  return { least, most }
}

function basisText({ basis, pairs }: PlacedClock): string {
  switch (basis) {
    case 'reference':
      return 'reference'
    case 'given':
      return pairs > 0 ? `given, and ${plural(pairs, 'pair')}` : 'given'
    case 'pairs':
      return `by ${plural(pairs, 'pair')}`
    default:
      return 'unknown'
  }
}

function clockCells(clock: PlacedClock): string[] {
  const { basis, segments } = clock
  if (basis === 'reference') return ['reference', '', '']
  const range = uncertaintyOf(clock)
  const [first, last] = [segments[0]!.offset, segments.at(-1)!.offset]
  return [basisText(clock), basis === 'none' ? '?' : offsetText(first, last), uncertaintyText(range)]
}

/** The hosts of a merge, a line for each boot. */
const rowsOf = ({ name, look, clocks }: HostReport): string[][] =>
  clocks.map((clock, boot) => [boot === 0 ? name : `  boot ${boot + 1}`, boot === 0 ? number(look.events) : '', ...clockCells(clock)])

export function mergedText(folder: string, { hosts, events, unordered, ambiguous }: MergeReport, style: Style): string {
  const lines = [
    `${style.bold(folder)}  ${plural(events, 'event')} of ${plural(hosts.length, 'host')}\n\n`,
    table(
      [{ title: 'host' }, { title: 'events', align: 'right' }, { title: 'clock' }, { title: 'offset' }, { title: 'uncertainty' }],
      hosts.flatMap(rowsOf),
      style.dim,
    ),
  ]
  if (ambiguous > 0) lines.push(`\n${plural(ambiguous, 'id')} of pairs came twice on one host and say nothing\n`)
  lines.push(
    unordered === 0
      ? `\n${style.good('the order of all events is known')}\n`
      : `\n${plural(unordered, 'event')} may have happened before one of another host that stands before it (~)\n`,
  )
  return lines.join('')
}

function clockJson(clock: PlacedClock): Json {
  const { basis, segments, pairs } = clock
  const range = uncertaintyOf(clock)
  return {
    basis,
    bounds: pairs,
    offset: basis === 'none' ? null : { first: seconds(segments[0]!.offset, 9), last: seconds(segments.at(-1)!.offset, 9) },
    uncertainty: range === null ? null : { atLeast: seconds(range.least, 9), atMost: seconds(range.most, 9) },
    pieces: segments.length,
  }
}

export function mergedJson(folder: string, { hosts, events, unordered, pairs, ambiguous }: MergeReport): object {
  return {
    schemaVersion: 1,
    log: folder,
    hosts: hosts.map(({ name, from, look, clocks }) => ({
      name,
      from,
      events: look.events,
      complete: look.complete,
      boots: clocks.map(clockJson),
    })),
    events,
    pairs,
    ambiguous,
    unordered,
  }
}
