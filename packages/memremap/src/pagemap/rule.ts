/** How a rule about one pagemap is written down. */
import { hex, type AnyEvent, type Certainty, type Invariant, type Json, type Violation } from '@devtrail/events'
import type { MemremapEvent } from '../events.ts'
import type { MemremapState } from '../memremap-state.ts'
import type { Pagemap } from './pagemap.ts'

interface Finding {
  readonly summary: string
  readonly certainty?: Certainty
  readonly against?: readonly number[]
  readonly data?: { readonly [key: string]: Json }
}

interface Rule {
  readonly id: string
  readonly on: readonly string[]
  readonly says: string
  readonly because: string
  /** What is broken after the event, for the pagemap it is about. */
  readonly find: (p: Pagemap, event: MemremapEvent, state: MemremapState) => Finding | null
}

export const nameOf = (p: Pagemap): string =>
  p.start === null || p.end === null ? `pagemap ${p.pointer ?? p.id}` : `pagemap ${hex(p.start)}-${hex(p.end)}`

/** Judges the events that name a pagemap; certain as long as no gap came. */
export function rule({ id, on, says, because, find }: Rule): Invariant<MemremapState> {
  const judge = (state: MemremapState, any: AnyEvent): Violation[] => {
    if (!any.type.startsWith('memremap/')) return []
    const pagemap = any.data['pagemap']
    const p = typeof pagemap === 'number' ? state.pagemaps.get(pagemap) : undefined
    const finding = p && find(p, any as unknown as MemremapEvent, state)
    if (p === undefined || !finding) return []
    const { summary, certainty = p.sure ? 'certain' : 'possible', against = [], data = {} } = finding
    const evidence = [...new Set([...against, any.seq])].toSorted((a, b) => a - b)
    const about = { rule: id, certainty, seq: any.seq, time: any.time, device: p.device ?? any.device }
    return [{ ...about, summary: `${nameOf(p)} ${summary}`, evidence, data: { pagemap: p.pointer, ...data } }]
  }
  return { id, on, says, because, judge }
}
