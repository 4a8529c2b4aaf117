import type { Catalogue } from './declare.ts'
import type { AnyEvent } from './envelope.ts'
import type { Facts } from './facts.ts'
import type { DeviceId, PagemapId, Pfn } from './field.ts'
import type { HostId } from './host.ts'
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
  /** The host, in a log of several. */
  readonly host?: HostId
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
  /**
   * The event types of the model's own catalogue (without its prefix) at which it can break, beside those about the log itself,
   * which always count. Left out: all of them.
   */
  readonly on?: readonly string[]
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

/**
 * What a model tells of one device, as JSON parts (`devres`, `pagemaps`, …). `looking`: somebody looks closely, so what is
 * otherwise folded into one element of a list (neighbouring pages that are alike) comes one by one.
 */
export type View<S> = (state: S, device: DeviceId, facts: Facts, looking?: Looking) => { readonly [part: string]: Json }

/** For what somebody looks. */
export interface Looking {
  /** By the name of a list the key of the one element of it that is looked for: the others may be left out. */
  readonly keys?: ReadonlyMap<string, number | bigint | string>
  /** The name of a list of which only is asked how many elements it has: of each no more than its `span` has to be there. */
  readonly counted?: string
  /** The parts that are asked for: others may be left out. Not given: all. */
  readonly parts?: ReadonlySet<string>
}

/** By what the elements of a list in a view are told apart. */
export interface ListKeys {
  /** Fields of an element that identify it, dotted, best first; empty: its place. */
  readonly by: readonly string[]
  /** The field that says for how many, from the first of `by` on, an element stands; left out: for one. */
  readonly span?: string
  /**
   * Whether an event of the model that may touch this list can change the element of a key: true where in doubt. `later`: the
   * model's state at the event or after it, where there is one at hand. Left out: it can.
   */
  readonly isChangedBy?: (event: AnyEvent, key: number | bigint | string, later?: unknown) => boolean
}

/**
 * What has to be known of a model's views by whoever asks for one value in them; what is left out costs time, and nothing
 * else.
 */
export interface Views {
  /** Every part that `describe` can give. */
  readonly parts: readonly string[]
  /** Lists by the name of the field that holds them. */
  readonly lists?: { readonly [list: string]: ListKeys }
  /**
   * Paths (keys left out) of objects that stand for an element of a list that another model shows, by that list's name: both have
   * the field that tells its elements apart. What that model knows of a field that both have is shown in both.
   */
  readonly refers?: { readonly [path: string]: string }
  /**
   * By event types of the model's own catalogue (without its prefix) all that they can change: dotted paths into what
   * `describe` gives, keys left out. `.sure` of a list stands for whether elements are known or only possible; a path
   * that ends with `?` for what they can only make known where it was not. Of types that are not named, all may change;
   * an element may come with any event that is the first to name its pagemap or tree node.
   */
  readonly touches?: { readonly [event: string]: readonly string[] }
  /**
   * Event types that may change the view of devices that they do not mention (true: all). Others change the view of the
   * device in their envelope, or else of those whose pagemap or tree node they name, as far as facts tell; of all when
   * they name none.
   */
  readonly reachesAll?: true | readonly string[]
}

/** A device incarnation, as whoever lists devices needs it. */
export interface DeviceInfo {
  readonly id: DeviceId
  readonly name: string
  /** The name of its host, in a log of several. */
  readonly host?: string
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
  /** Who waits: a task, or whoever is in a call about a pagemap. */
  readonly who: { readonly pid: number } | { readonly pagemap: PagemapId }
  /** The call's name as declared in the catalogue. */
  readonly call: string
  /** Null: for nothing any more; what it waited for has come. */
  readonly waitsFor: string | null
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
  /** What is known of what `describe` gives. Left out: nothing is, and who asks for one value in it looks at all. */
  readonly views?: Views
  /** What it tells of the machine as a whole, as JSON parts. */
  readonly overall?: (state: S, facts: Facts) => { readonly [part: string]: Json }
  /** The devices it knows of, with those that only later events prove to have been there. */
  readonly devices?: (state: S, facts: Facts) => readonly DeviceInfo[]
  /** One of these alone; null: it is not known. Left out: who wants one lists all. */
  readonly device?: (state: S, device: DeviceId, facts: Facts) => DeviceInfo | null
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
