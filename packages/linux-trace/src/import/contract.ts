/** What an import is given, and what it hands out. */
import type { AnyEvent, EventRows } from '@devtrail/events'
import type { ModelStates } from './context.ts'

/** Where events in numbers go. */
export interface RowTaker {
  /** How many may be told, behind the one with number `seq`, before the models' states are looked at; at least 1. */
  room(seq: number): number
  /** Takes what `event` would take as objects, while the states are those right after the last of them. A promise slows the import down. */
  take(rows: EventRows): void | null | Promise<unknown>
}

/** Where an import goes. */
export interface ImportSink {
  /**
   * Takes events, in order, each while the models' states are those right after it, at a glance: the object is another event
   * afterwards (`ownEvent` makes one to keep). A promise slows the import down.
   */
  event(event: AnyEvent): void | null | Promise<unknown>
  /** Takes events in numbers, those that recordings have by the million. Without it all are objects. */
  readonly rows?: RowTaker
  /** Of a live trace: what waited long enough for more was handed over. Comes at least each two times of `quiet`, however steadily more is read. */
  idle?(): Promise<unknown>
  /** Takes entries that are deliberately without effect: bytes for a `KeptReader`, which are used again afterwards. A promise slows the import down. */
  kept(bytes: Uint8Array): void | null | Promise<unknown>
}

export interface ImportOptions {
  /** Called now and then with the number of entries read so far. */
  readonly onProgress?: (entries: number) => void
  readonly signal?: AbortSignal
  /**
   * Of a live trace: resolves after as long as an entry waits for those that follow it, before the import goes on with it. Knowing
   * less of what follows, it then leaves more undecided.
   */
  readonly quiet?: () => Promise<void>
  /** States that the import folds its events into: whoever hands them in need not fold those models again. */
  readonly states?: ModelStates
}

/** What an import did. */
export interface ImportSummary {
  entries: number
  events: number
  /** Entries that change nothing, by event name; they are kept as they are. */
  withoutEffect: { [event: string]: number }
  /** Of those, events that are not known here at all. */
  unknown: string[]
  unparsed: number
  /** Entries that are missing; null when some are and nobody can say how many. */
  lost: number | null
  notes: string[]
  /** Whether nothing is missing from the recording's beginning to its end. */
  complete: boolean
  /** What is missing or not known, in a few words each; empty where it is complete. */
  incomplete: string[]
  kernel: string | null
  /** The trace's clock, as tracefs names it; null where nothing says. */
  clock: string | null
}
