import type { TimelineWindow } from '@devtrail/survey'
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { ScanState } from '../protocol.ts'
import type { Clock } from '../timeline/clock.ts'
import type { Axis } from './link.ts'
import { useNewest } from './use-newest.ts'
import type { WorkerClient } from './worker-client.ts'

/** Events in view up to which each of them is looked at. */
const CLOSE_EVENTS = 8192
/** Windows begin at multiples of so many events, and reach as far beyond the view: panning a little asks for nothing. */
const STEP_EVENTS = 2048
/** Milliseconds that one must stand still. */
const SETTLED_MS = 120

interface View {
  readonly client: WorkerClient
  readonly scan: ScanState | null
  readonly clock: Clock | null
  readonly axis: Axis
  readonly view: readonly [number, number]
  /** The keys of the rows in view. */
  readonly rows: readonly string[]
}

/** The events in view, by number; a time is between two known points. */
function seqsIn({ scan, clock, axis, view }: View): readonly [number, number] | null {
  if (scan === null || clock === null || scan.binEvents === 1) return null
  if (axis === 'events') return [Math.floor(view[0]), Math.ceil(view[1])]
  return [clock.seqAt(view[0]), clock.seqAt(view[1]) + 1]
}

const covers = ({ from, times }: TimelineWindow, [low, high]: readonly [number, number], firstSeq: number, lastSeq: number): boolean =>
  from <= Math.max(firstSeq, low) && from + times.length - 1 >= Math.min(high, lastSeq)

/** What is behind the view, event by event, once one has zoomed in far enough; null: the whole log's timeline will do, or has to. */
export function useWindow(of: View, fail: (words: string) => void): TimelineWindow | null {
  const { client, scan, rows } = of
  const seqs = seqsIn(of)
  const isClose = seqs !== null && seqs[1] - seqs[0] <= CLOSE_EVENTS
  const down = isClose ? Math.max(0, Math.floor((seqs[0] - STEP_EVENTS) / STEP_EVENTS) * STEP_EVENTS) + 1 : 0
  const up = isClose ? Math.ceil((seqs[1] + STEP_EVENTS) / STEP_EVENTS) * STEP_EVENTS : 0
  const [settled, setSettled] = useState<{ readonly from: number; readonly to: number; readonly rows: readonly string[] } | null>(null)
  const names = rows.join('\0')
  useEffect(() => {
    const timer = setTimeout(() => setSettled(isClose ? { from: down, to: up, rows } : null), isClose ? SETTLED_MS : 0)
    return () => clearTimeout(timer)
  }, [isClose, down, up, names])
  const ask = useCallback((asked: { from: number; to: number; rows: readonly string[] }) => client.ask('window', asked), [client])
  const told = useNewest(ask, settled, fail)
  return useMemo(
    () => (told !== null && isClose && scan !== null && covers(told, seqs, scan.firstSeq, scan.done ? scan.upTo : Infinity) ? told : null),
    [told, isClose, isClose && told !== null && scan !== null && covers(told, seqs, scan.firstSeq, scan.done ? scan.upTo : Infinity)],
  )
}
