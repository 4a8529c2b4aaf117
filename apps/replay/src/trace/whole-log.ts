/** All that other programs are given of a log: its timeline, event by event, and what is broken. */
import type { AnyEvent, Violation } from '@devtrail/events'
import { Scan, type Names, type Timeline } from '@devtrail/survey'
import { explained } from '@devtrail/time-travel'
import type { OpenLog } from '../logs/open.ts'

export interface WholeLog {
  readonly log: Pick<OpenLog, 'reader' | 'history'>
  readonly names: Names
  readonly timeline: Timeline
  readonly violations: readonly Violation[]
  readonly events: () => AsyncIterable<AnyEvent>
}

/** Reads a log once; memory grows with what changes in it, not with its events. */
export async function wholeOf(log: Pick<OpenLog, 'reader' | 'history'>): Promise<WholeLog> {
  const { reader, history } = log
  const { source } = history
  const scan = new Scan(source, await history.facts(), reader.lastSeq, { bins: Infinity, violations: Infinity })
  await scan.run()
  const last = (await history.find({ kind: 'end' })).time ?? 0
  return {
    log,
    names: scan.names,
    timeline: scan.timeline(last),
    violations: await explained(history, scan.machine, scan.violations),
    events: () => reader.read({ from: (source.start?.seq ?? 0) + 1 }),
  }
}
