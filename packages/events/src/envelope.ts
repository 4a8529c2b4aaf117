import type { DeviceId } from './field.ts'
import type { HostId } from './host.ts'

/** Who did it: a task, as far as known. `pid` 0 is the idle task. */
export interface Actor {
  readonly pid: number
  readonly comm: string
}

/** What surrounds every event. */
export interface Envelope {
  /** Counts domain events from 1; the events of the baseline all carry 0. */
  readonly seq: number
  /** The recording's entry that the event came from (from 1); null for the baseline and for simulated events. */
  readonly entry: number | null
  /** Nanoseconds since the log's epoch. */
  readonly time: number
  /** The device the event is about, where known at once; what is learnt later is filled back on reading. */
  readonly device: DeviceId | null
  readonly cpu: number | null
  readonly actor: Actor | null
  /** Sequence numbers of the events that led to this one. */
  readonly cause: readonly number[]
  /** Interrupt and preemption state as ftrace prints it (`d..1.`), where recorded. */
  readonly context?: string
  /** What the recording calls the entry's event: a user's own name of a probe, or a tracepoint. */
  readonly source?: string
  /** The code location ftrace printed in parentheses, where recorded. */
  readonly where?: string
  /** True when the event was not recorded but follows from what was. */
  readonly inferred?: true
  /** The host it happened on, in a log of several; absent where the log has one, and of what happens to the log itself. */
  readonly host?: HostId
  /** True when it may have happened before an event of another host that stands before it: clocks do not tell. */
  readonly unordered?: true
}

/** Any event of any catalogue. */
export interface AnyEvent extends Envelope {
  readonly type: string
  readonly data: { readonly [field: string]: unknown }
}

/** The events of one catalogue, with their envelope: `EventOf<Payload<typeof catalogue>>`. */
export type EventOf<P> = P extends { readonly type: string; readonly data: unknown } ? Envelope & P : never
