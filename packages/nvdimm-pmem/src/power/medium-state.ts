/** Which stores to a medium a power failure would still take. */
import type { EventOf, Payload } from '@devtrail/events'
import type { nvdimmPmemCatalogue } from '../events.ts'
import { LINE_BYTES } from '../media/medium.ts'

type MediumEvent = Extract<EventOf<Payload<typeof nvdimmPmemCatalogue>>, { type: `nvdimm-pmem/${'stored' | 'flushed' | 'fenced'}` }>

/** A range of bytes that were stored and are not durable. */
export interface UnsafeRange {
  from: number
  /** Not included. */
  to: number
  since: number
  /** The CPU that flushed it and has not come to a fence; null: nobody flushed it. */
  flushedBy: number | null
}

export interface MediumStates {
  /** By name. */
  media: Map<string, UnsafeRange[]>
}

export const initialMedia = (): MediumStates => ({ media: new Map() })

/** The rule of a gap: flushes and fences in it went unseen. */
export const forgetMedia = (state: MediumStates): void => state.media.clear()

/** More ranges of a medium are not followed: whoever never flushes has lost, whatever comes. */
export const UNSAFE_MAX = 4096

function flushed(ranges: readonly UnsafeRange[], first: number, last: number, cpu: number): UnsafeRange[] {
  return ranges.flatMap((range) => {
    const from = Math.max(range.from, first)
    const to = Math.min(range.to, last)
    if (from >= to) return [range]
    const { since } = range
    return [
      ...(range.from < from ? [{ ...range, to: from }] : []),
      { from, to, since, flushedBy: cpu },
      ...(to < range.to ? [{ ...range, from: to }] : []),
    ]
  })
}

/** Folds one event of a medium. */
export function evolveMedia(state: MediumStates, event: MediumEvent): void {
  const { medium } = event.data
  const ranges = state.media.get(medium) ?? []
  const cpu = event.cpu ?? 0
  if (event.type === 'nvdimm-pmem/stored') {
    const { at, length } = event.data
    if (ranges.length < UNSAFE_MAX) ranges.push({ from: at, to: at + length, since: event.seq, flushedBy: null })
    state.media.set(medium, ranges)
  } else if (event.type === 'nvdimm-pmem/flushed') {
    const { at, length } = event.data
    const first = Math.floor(at / LINE_BYTES) * LINE_BYTES
    const last = Math.ceil((at + length) / LINE_BYTES) * LINE_BYTES
    state.media.set(medium, flushed(ranges, first, last, cpu))
  } else {
    state.media.set(
      medium,
      ranges.filter(({ flushedBy }) => flushedBy !== cpu),
    )
  }
}
