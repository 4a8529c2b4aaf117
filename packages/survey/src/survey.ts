import type { AnyEvent, DeviceInfo } from '@devtrail/events'
import { eventsAt as eventsAtOf, LogBlocks, type EventSource, type History, type Span } from '@devtrail/time-travel'
import { Names } from './names.ts'

/** What has to be known of the whole of a log before anything in it can be shown. */
export interface Survey {
  readonly names: Names
  /** Every incarnation the log knows of, as it is at the end. */
  readonly devices: readonly DeviceInfo[]
  readonly spans: ReadonlyMap<number, Span>
  /** The last event; null of a log that has none behind the baseline. */
  readonly last: AnyEvent | null
  /** Whether the log reaches the end of what it tells of: of one that was cut, its last event does not say so. */
  readonly ended: boolean
}

/** From the log's last keyframe and what comes after it; of a log without keyframes all is folded, once. */
export async function surveyOf(history: History): Promise<Survey> {
  const machine = await history.end()
  const seq = await history.lastSeq()
  const last = (await history.events([seq])).get(seq) ?? null
  return {
    names: Names.of(machine),
    devices: machine.devices(),
    spans: machine.spans,
    last,
    // Of a log whose head is gone, and of which nothing is left, the place where it began says so.
    ended: last === null ? (history.source.start?.ended ?? false) : last.type === 'log/ended' && last.host === undefined,
  }
}

/** The events with these sequence numbers. */
export function eventsAt(source: EventSource, seqs: Iterable<number>): Promise<Map<number, AnyEvent>> {
  return eventsAtOf(new LogBlocks(source), seqs)
}
