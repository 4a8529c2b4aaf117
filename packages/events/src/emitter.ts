import type { Clock } from './clock.ts'
import type { Actor, AnyEvent } from './envelope.ts'
import type { DeviceId } from './field.ts'

/** Most events have none, and this is it: an array for each would be a seventh of what is allocated. */
const NO_CAUSES: readonly number[] = Object.freeze([])

/** Where events go. Called synchronously, in order; must not throw. */
export type Sink = (event: AnyEvent) => void

/** What an event is said under; all parts may be left out. */
export interface Said {
  readonly device?: DeviceId | null
  readonly cpu?: number | null
  readonly cause?: readonly number[]
}

/**
 * Hands the events of live objects to a sink. With no sink it costs one comparison: write
 * `if (emitter.on) emitter.emit(type, data)` on hot paths so that not even the data object is built.
 *
 * Several live objects share one emitter, so that one sequence orders them all. RxJS is not known here; see
 * `@devtrail/events/rxjs` for an Observable of what is emitted.
 */
export class Emitter {
  #sink: Sink | null
  /** Further listeners, after the sink. */
  #taps: readonly Sink[] = []
  #on: boolean
  readonly #whenHeard: ((on: boolean) => void)[] = []
  #seq = 0
  /** The task on whose behalf things happen; set by whoever drives the model. */
  actor: Actor | null = null
  /** The CPU on which things happen. */
  cpu: number | null = null
  /** Causes put on every event said while they last; see {@link because}. */
  #causes: number[] = []

  readonly clock: Clock

  constructor(clock: Clock, sink: Sink | null = null) {
    this.clock = clock
    this.#sink = sink
    this.#on = sink !== null
  }

  /** Whether anybody listens. */
  get on(): boolean {
    return this.#on
  }

  #heed(): void {
    const on = this.#sink !== null || this.#taps.length > 0
    if (on === this.#on) return
    this.#on = on
    for (const call of this.#whenHeard) call(on)
  }

  /** Calls back whenever somebody begins to listen where nobody did, and when nobody does any more: for who takes a shorter way then. */
  whenHeard(call: (on: boolean) => void): void {
    this.#whenHeard.push(call)
  }

  /** The sequence number of the newest event. */
  get seq(): number {
    return this.#seq
  }

  get sink(): Sink | null {
    return this.#sink
  }

  set sink(sink: Sink | null) {
    this.#sink = sink
    this.#heed()
  }

  /** Listens beside the sink from now on; returns how to stop. */
  tap(listener: Sink): () => void {
    const tap: Sink = (event) => listener(event)
    this.#taps = [...this.#taps, tap]
    this.#heed()
    return () => {
      this.#taps = this.#taps.filter((t) => t !== tap)
      this.#heed()
    }
  }

  /** Says one event; returns its sequence number, or 0 when nobody listens. */
  emit<P extends { readonly type: string; readonly data: object }>(type: P['type'], data: P['data'], said?: Said): number {
    if (!this.on) return 0
    const seq = ++this.#seq
    const event = {
      seq,
      entry: null,
      time: this.clock.now(),
      device: said?.device ?? null,
      cpu: said?.cpu ?? this.cpu,
      actor: this.actor,
      cause: said?.cause ?? (this.#causes.length > 0 ? [this.#causes.at(-1)!] : NO_CAUSES),
      type,
      data,
    } as unknown as AnyEvent
    this.#sink?.(event)
    if (this.#taps.length > 0) for (const tap of this.#taps) tap(event)
    return seq
  }

  /** Runs `fn`; what is emitted meanwhile is caused by `seq` (0: by nothing new). */
  because<T>(seq: number, fn: () => T): T {
    if (seq === 0) return fn()
    this.#causes.push(seq)
    try {
      return fn()
    } finally {
      this.#causes.pop()
    }
  }

  /** Runs `fn` on behalf of another task, which comes in between: what it says has none of the causes that there are now. */
  as<T>(actor: Actor | null, fn: () => T): T {
    const [before, causes] = [this.actor, this.#causes]
    this.actor = actor
    this.#causes = []
    try {
      return fn()
    } finally {
      this.actor = before
      this.#causes = causes
    }
  }
}
