/** Events as a recording would have them, for the tests beside the sources. Seq and time count up. */
import type { Actor, AnyEvent, Violation } from '@devtrail/events'
import { memremapModel } from '../src/model.ts'
import type { MemremapState } from '../src/state.ts'

let seq = 0

export function said(name: string, data: object, actor: Actor | null = { pid: 7, comm: 'task7' }): AnyEvent {
  seq++
  return {
    seq,
    entry: null,
    time: seq * 1000,
    device: null,
    cpu: null,
    actor,
    cause: [],
    type: `memremap/${name}`,
    data: data as AnyEvent['data'],
  }
}
export const gap = (): AnyEvent => ({ ...said('', {}, null), type: 'log/gap', data: { reason: 'lost', lost: null, cpu: null } })
export const ended = (complete = true): AnyEvent => ({ ...said('', {}, null), type: 'log/ended', data: { complete } })

/** A mapping of 1 GiB at 4 GiB, of which nothing is told about an altmap unless given. */
export const mapStarted = (pagemap: number, more: object): AnyEvent =>
  said('map-started', {
    pagemap,
    pointer: '0x1',
    start: 0x100000000n,
    end: 0x13fffffffn,
    type: 3,
    altBase: null,
    reserve: null,
    free: null,
    alloc: null,
    altEnd: null,
    flags: null,
    vmemmapShift: 0,
    ...more,
  })

export function foldEvents(...events: readonly AnyEvent[]): MemremapState {
  const state = memremapModel.initial()
  for (const event of events) memremapModel.evolve(state, event)
  return state
}

/** What the model's rules say while the events are folded. */
export function judge(...events: readonly AnyEvent[]): Violation[] {
  const state = memremapModel.initial()
  return events.flatMap((event) => {
    memremapModel.evolve(state, event)
    return memremapModel.invariants.flatMap((rule) => [...rule.judge(state, event)])
  })
}
