import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { DriverCore } from './driver-core.ts'
import { evolveDevres, initialDevres, type DevresState } from './state.ts'
import type { Rules } from './rules.ts'

/** A driver core whose events are kept and whose queued work waits for `work()`; `fails`: which allocation does, from 1. */
export function coreOf(rules: Rules, fails = 0): { core: DriverCore; events: AnyEvent[]; work: () => void } {
  const events: AnyEvent[] = []
  const queue: (() => void)[] = []
  let allocations = 0
  const core = new DriverCore({
    events: new Emitter(new ManualClock(), (e) => events.push(e)),
    ids: new Ids(),
    rules,
    queueWork: (work) => queue.push(work),
    allocate: () => ++allocations !== fails,
  })
  const work = (): void => {
    while (queue.length > 0) queue.shift()!()
  }
  return { core, events, work }
}

export function fold(events: readonly AnyEvent[], state: DevresState = initialDevres()): DevresState {
  for (const event of events) evolveDevres(state, event)
  return state
}
