import { seconds, type AnyEvent } from '@devtrail/events'
import { dataInWords, type Names } from '@devtrail/survey'
import type { Host } from '@devtrail/time-travel'
import type { Style } from './style.ts'
import { padEnd, padStart, visible, widthOf } from './text.ts'

/** `pin[135]`: the task on whose behalf it happened. */
export const actorOf = (event: Pick<AnyEvent, 'actor'>): string =>
  event.actor === null ? '' : visible(`${event.actor.comm}[${event.actor.pid}]`)

/** The key of the device that an event is about; of none, in a log of several, the host. */
function aboutOf(event: AnyEvent, names: Names): string {
  const device = names.of(event)
  if (device !== null) return names.device(device)
  return event.host === undefined ? '' : `${names.host(event.host)}:`
}

/** `~`: clocks do not tell whether it happened before events of other hosts that stand before it. */
const timeOf = ({ time, unordered }: AnyEvent, digits: 6 | 9): string => `${unordered ? '~' : ''}${seconds(time, digits)}`

/** Columns of an event line; zero pads nothing. */
export interface EventColumns {
  readonly seq: number
  readonly device: number
  readonly actor: number
  readonly type: number
}

/** Columns for any events, as `events` prints them while it does not know what is still to come. */
export const eventColumns = (lastSeq: number, hosts: readonly Pick<Host, 'name'>[] = []): EventColumns => ({
  seq: String(lastSeq).length,
  device: 12 + hosts.reduce((widest, { name }) => Math.max(widest, name.length + 1), 0),
  actor: 16,
  type: 30,
})

/** Columns as narrow as these events allow. */
export function columnsFor(events: readonly AnyEvent[], names: Names): EventColumns {
  const widest = (of: (e: AnyEvent) => string): number => Math.max(0, ...events.map((e) => widthOf(of(e))))
  return {
    seq: widest((e) => String(e.seq)),
    device: widest((e) => aboutOf(e, names)),
    actor: widest(actorOf),
    type: widest((e) => e.type),
  }
}

/** An event as a person reads it: number, time, device, task, what happened, why. Never cut: pipes want all of it. */
export function eventLine(names: Names, event: AnyEvent, style: Style, digits: 6 | 9, columns: EventColumns): string {
  const device = names.of(event)
  const because = event.cause.length === 0 ? '' : style.dim(` ← ${event.cause.join(', ')}`)
  const inferred = event.inferred ? style.warn(' (inferred)') : ''
  return [
    style.dim(padStart(String(event.seq), columns.seq)),
    style.when(padStart(timeOf(event, digits), digits + 4)),
    ...(columns.device === 0 ? [] : [style.name(padEnd(aboutOf(event, names), columns.device))]),
    ...(columns.actor === 0 ? [] : [padEnd(actorOf(event), columns.actor)]),
    `${style.bold(padEnd(event.type, columns.type))} ${visible(dataInWords(names, event, device, digits))}${inferred}${because}`,
  ]
    .join('  ')
    .trimEnd()
}
