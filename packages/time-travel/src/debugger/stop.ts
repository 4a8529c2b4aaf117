import type { EventBlock } from '@devtrail/events'
import type { EventFilter } from '../expression/event-scope.ts'
import type { Expression } from '../expression/syntax.ts'
import type { DeviceName } from '../explain/tracked.ts'
import type { Machine } from '../machine.ts'
import { Probe } from './probe.ts'

/** What a run stops for. */
export type StopFor = { readonly id: number; readonly text: string; readonly device: DeviceName } & (
  | { readonly kind: 'turns-true' | 'changes'; readonly expression: Expression }
  | { readonly kind: 'event'; readonly filter: EventFilter }
)

/** One of them, as a run goes on from event to event. */
class Armed {
  readonly stop: StopFor
  readonly #probe: Probe | null
  #was: string | boolean = false

  constructor(stop: StopFor, machine: Machine) {
    this.stop = stop
    this.#probe = stop.kind === 'event' ? null : new Probe(stop.expression, machine, stop.device)
    if (this.#probe !== null) this.#was = this.#now(this.#probe)
  }

  #now(probe: Probe): string | boolean {
    return this.stop.kind === 'changes' ? probe.identity : probe.isTrue
  }

  /** Whether the event just folded is one to stop at. */
  isHit(block: EventBlock, place: number): boolean {
    if (this.stop.kind === 'event') return this.stop.filter.truth(block.view(place)) === true
    const probe = this.#probe!
    if (!probe.step(block, place)) return false
    const now = this.#now(probe)
    if (now === this.#was) return false
    this.#was = now
    return now !== false
  }
}

/** Everything that a run stops for, armed at the state it begins with. */
export class Stops {
  readonly #armed: readonly Armed[]

  constructor(stops: readonly StopFor[], machine: Machine) {
    this.#armed = stops.map((stop) => new Armed(stop, machine))
  }

  /** What there is to stop for at an event, just folded. */
  at(block: EventBlock, place: number): StopFor[] {
    return this.#armed.filter((armed) => armed.isHit(block, place)).map(({ stop }) => stop)
  }
}
