import type { Axis } from '../page/link.ts'
import type { Opened } from '../protocol.ts'
import type { Clock } from './clock.ts'

/** What of the axis is to be seen, on how many pixels. */
export interface Scale {
  readonly axis: Axis
  readonly from: number
  readonly to: number
  readonly width: number
}

export const xOf = ({ from, to, width }: Scale, value: number): number => ((value - from) / (to - from)) * width
export const valueAt = ({ from, to, width }: Scale, x: number): number => from + (x / width) * (to - from)

/** Where an event stands on the axis. */
export const placeOf = (axis: Axis, seq: number, time: number): number => (axis === 'time' ? time : seq)

/** The event behind which a place of the axis lies; that before the first: the state at the start. */
export function seqAtValue(axis: Axis, value: number, clock: Clock, { firstSeq, lastSeq }: Pick<Opened, 'firstSeq' | 'lastSeq'>): number {
  const seq = axis === 'time' ? clock.seqAt(value) : Math.floor(value)
  return Math.min(lastSeq, Math.max(firstSeq - 1, seq))
}

/** The narrowest view there is. */
const SPAN_MIN = { time: 1000, events: 8 } as const

/** A view within the limits of a log, as wide as it was meant where that is possible. */
export function within(axis: Axis, view: readonly [number, number], [low, high]: readonly [number, number]): readonly [number, number] {
  const span = Math.min(Math.max(view[1] - view[0], SPAN_MIN[axis]), high - low)
  const from = Math.min(Math.max(view[0], low), high - span)
  return [from, from + span]
}

/** The same about a point that stays, `factor` times as wide. */
export function zoomed([from, to]: readonly [number, number], about: number, factor: number): readonly [number, number] {
  return [about - (about - from) * factor, about + (to - about) * factor]
}

/** Round steps for a ruler with a mark every `px` pixels at least. */
export function marks({ axis, from, to, width }: Scale, px = 90): { readonly step: number; readonly values: readonly number[] } {
  const raw = ((to - from) / width) * px
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = Math.max(
    axis === 'events' ? 1 : 0,
    [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw)!,
  )
  const values: number[] = []
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) values.push(value)
  return { step, values }
}

/** A time or event as a mark says it: as many digits as the steps need. */
export function markText(axis: Axis, value: number, step: number): string {
  if (axis === 'events') return String(Math.round(value))
  const digits = Math.min(9, Math.max(0, Math.ceil(9 - Math.log10(step) - 1e-9)))
  return `${(value / 1e9).toFixed(digits)} s`
}
