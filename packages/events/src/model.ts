import type { Catalogue } from './declare.ts'
import type { AnyEvent } from './envelope.ts'
import type { Facts } from './facts.ts'
import type { DeviceId, Pfn } from './field.ts'
import type { Json } from './json.ts'
import type { Certainty } from './knowledge.ts'

/** A broken rule, with its evidence. */
export interface Violation {
  readonly rule: string
  readonly certainty: Certainty
  /** The event at which the rule broke. */
  readonly seq: number
  readonly time: number
  readonly device: number | null
  /** One sentence a person can act on: what, where, who, since when. */
  readonly summary: string
  /** The events that prove it, ascending. */
  readonly evidence: readonly number[]
  readonly data: { readonly [key: string]: Json }
  /** The pages it is about, so that reports of different rules about one page find each other. */
  readonly about?: readonly PfnRange[]
}

/** First and last pfn, inclusive. */
export interface PfnRange {
  readonly first: Pfn
  readonly last: Pfn
}

/** A rule over a model's state and the event that led to it. */
export interface Invariant<S> {
  /** `package/what-is-broken`. */
  readonly id: string
  /** One sentence. */
  readonly says: string
  /** The kernel rule or the historical bug behind it. */
  readonly because: string
  /**
   * Judges one step. Called with the state *after* the event; must not change it.
   * What the rule has to remember between events belongs into the model's state.
   */
  readonly judge: (state: S, event: AnyEvent) => readonly Violation[]
}

/** What a model tells of one device, as JSON parts (`devres`, `pagemaps`, …). */
export type View<S> = (state: S, device: DeviceId, facts: Facts) => { readonly [part: string]: Json }

/** A device incarnation, as whoever lists devices needs it. */
export interface DeviceInfo {
  readonly id: DeviceId
  readonly name: string
  readonly bus: string | null
  readonly kind: string | null
  /** Devices that exist for bookkeeping (regions, backing-dev-info, block devices) are listed only on request. */
  readonly bookkeeping: boolean
  /** Null when a gap may have changed it. */
  readonly presence: 'present' | 'removed' | 'gone' | null
  readonly driver: string | null
  readonly driverState: string | null
}

/** What a task inside a call waits for, where a model knows better than the call's declaration. */
export interface Waiting {
  readonly pid: number
  /** The call's name as declared in the catalogue. */
  readonly call: string
  readonly waitsFor: string
  /** Events that tell so, beyond the one that entered the call. */
  readonly evidence: readonly number[]
  readonly data: { readonly [key: string]: Json }
}

/** How a state that can grow large is cut, so that a part that did not change need not be saved again. */
export interface Cutting<S> {
  /** All parts, by names of at most 64 of a-z, 0-9, - and ASCII blank. */
  readonly cut: (state: S) => Iterable<readonly [name: string, value: unknown]>
  readonly join: (parts: ReadonlyMap<string, unknown>) => S
}

/**
 * The contract of a model package: how its state follows from events. `evolve` changes `state` in place, is total and
 * deterministic, ignores events that are not its own except `log/*`, and decides nothing: outcomes are in the events.
 * States are plain data (objects, arrays, Maps, Sets, numbers, strings, bigints), so that `structuredClone` copies them.
 */
export interface Model<S = unknown> {
  readonly name: string
  readonly catalogue: Catalogue
  readonly initial: () => S
  readonly evolve: (state: S, event: AnyEvent) => void
  readonly invariants: readonly Invariant<S>[]
  readonly describe: View<S>
  /** The devices it knows of, with those that only later events prove to have been there. */
  readonly devices?: (state: S, facts: Facts) => readonly DeviceInfo[]
  /** Other names a user knows a device by: its disk, its namespace, its iomem name. */
  readonly aliases?: (state: S, device: DeviceId, facts: Facts) => readonly string[]
  readonly waiting?: (state: S) => readonly Waiting[]
  /** Left out: the state is saved as a whole. */
  readonly parts?: Cutting<S>
}

/** Erases the state type so that models of different states can stand in one list. */
export function asModel<S>(model: Model<S>): Model {
  return model as unknown as Model
}
