/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What a log is, whatever it is stored in. A log has one meta, given at creation; events in the order of their `seq`
 * (all of the baseline, `seq` 0, first; then 1, 2, 3, … without a hole); named attachments, each written once; and
 * keyframes, which are made from the events and could be made anew at any time.
 * One writer at a time, any number of readers; a reader sees the log as it was when the reader was opened, unless it follows.
 * Every store passes the suite in `contract-suite.ts`.
 */
import type { AnyEvent, BlockSummary, DeviceId, ColumnBlock, EventRows, Json } from '@devtrail/events'
import type { LogDamagedError } from './errors.ts'

export const LOG_SCHEMA_VERSION = 2

/** What is known of a log before its first event. */
export interface LogMeta {
  readonly schemaVersion: typeof LOG_SCHEMA_VERSION
  /** Time 0 of the events in the source's own clock: nanoseconds, as a decimal string (exact beyond 2^53). */
  readonly epoch: string
  /** Where the events come from: plain JSON, at most {@link META_DEPTH_MAX} deep. */
  readonly source: { readonly [key: string]: Json }
  /** For people: what is special about this log. */
  readonly notes: readonly string[]
}

/** Weakest first. */
export const ACK_LEVELS = ['buffered', 'written', 'durable'] as const

/**
 * What became of events, weakest first. Never claimed without being so:
 * - `buffered`: accepted, in order, held by this process; lost when it dies.
 * - `written`: readers opened from now on see it; outlives this process, perhaps not a power failure.
 * - `durable`: outlives a power failure, as far as the storage keeps its own promises.
 */
export type AckLevel = (typeof ACK_LEVELS)[number]

/** Bytes after the last whole event: what a writer that died was in the middle of. */
export interface TornTail {
  readonly bytes: number
  /** The last whole event's `seq` (0 when there is none, or only the baseline). */
  readonly afterSeq: number
}

/**
 * A keyframe to be stored: named bytes that somebody (the fold) made of the events up to a `seq`, to go on from there. What
 * they mean is the fold's own affair.
 */
export interface NewKeyframe {
  /** The `seq` of the last event in it, from 1 to the writer's `lastSeq`, which is the default. */
  readonly at?: number
  /** The `seq` of the keyframe of the same fold that `parts` are the changes to; null when they are all parts. */
  readonly since: number | null
  /** By name, 1 to PART_NAME_CHARS_MAX characters from blank to `~`; null removes a part that `since` may have. */
  readonly parts: Iterable<readonly [name: string, bytes: Uint8Array | null]>
}

export interface Keyframe {
  /** The `seq` of the last event in it. */
  readonly seq: number
  /** All of them, by name. */
  readonly parts: ReadonlyMap<string, Uint8Array>
}

export interface KeyframeOptions {
  /** Called with what is damaged of each keyframe that is passed over. */
  readonly onDamage?: (damage: LogDamagedError) => void
}

/**
 * Calls may be made without awaiting the one before; they take effect in call order. An I/O error is passed on and
 * ends the writer: every later call, `close` too, rejects with it.
 */
export interface LogWriter extends AsyncDisposable {
  readonly meta: LogMeta
  /** `seq` of the newest event accepted; 0 when there is none, or only the baseline. */
  readonly lastSeq: number
  /** The strongest level that `flush` reaches here: for whoever wants the best there is, and need not know what that is. */
  readonly strongest: AckLevel
  /** What this writer cut off when it opened a log whose last writer had died; null when nothing. */
  readonly cutTail: TornTail | null
  /**
   * Takes all of `events` or, when it rejects with a LogUsageError, none: `bad-sequence` (the message names the number
   * expected and the one found), `unsupported` (a type not in the vocabulary), `bad-event` (it would not read back
   * the same). Changing an event afterwards does not change the log.
   * @returns the level that these events have reached.
   */
  append(events: readonly AnyEvent[]): Promise<AckLevel>
  /**
   * Takes one event, as `append` does, before it returns: the same object may then be used for the next one.
   * @returns what is to be waited for before more is handed over, so that not too much waits to be written; null: nothing.
   * @throws as `append` rejects.
   */
  take(event: AnyEvent): Promise<AckLevel> | null
  /** Takes events in numbers, as `take` does the same as objects, and sooner where a store can. Of those before one that is refused all are taken. */
  takeRows(rows: EventRows): Promise<AckLevel> | null
  /**
   * Brings all that was appended up to `level`.
   * @returns the level reached; weaker than asked for only where nothing is kept at all (memory; an unpublished log).
   * @throws LogUsageError `not-durable`, with nothing done, by a store that keeps what it is given, but cannot know that it outlives
   * a power failure; `strongest` says what it gives.
   */
  flush(level: AckLevel): Promise<AckLevel>
  /**
   * Stores bytes under a name of `[a-z0-9._-]` that starts with a letter or digit. They are listed only once complete.
   * @throws LogUsageError `bad-name`; `exists` when the name is taken.
   * @returns the level reached.
   */
  attach(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<AckLevel>
  /**
   * Stores a keyframe. `fold` says who made it, its version included: keyframes of other folds are never mixed with it. It has
   * a name as attachments have. Taken, as events are, at once and in call order; it outlives a power failure only with the
   * events in it. One that fails is not there, and the writer goes on.
   * @throws LogUsageError `bad-name`; `bad-range` (`at` or `since`); `bad-keyframe` (part names, limits); `exists` when the
   * fold has one at that `seq`; `not-found` when there is none at `since`. LogDamagedError when that one is damaged.
   * @returns the level reached.
   */
  keyframe(fold: string, keyframe: NewKeyframe): Promise<AckLevel>
  /** Flushes as far as the store can and lets the next writer in. A second call does nothing more. */
  close(): Promise<AckLevel>
  /** As `close`, except that a log that is published on `close` and was not closed is discarded. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Which events: those that fit all that is given. Numbers are inclusive at both ends. A store with an index reads only
 * what may hold such events, and reports damage only there.
 */
export interface ReadRange {
  /** By `seq`; 0 is the baseline. Default 0. */
  readonly from?: number
  /** Default: to the end. */
  readonly to?: number
  /** By the recording's entries; events without one are left out. */
  readonly fromEntry?: number
  readonly toEntry?: number
  /** By nanoseconds since the log's epoch. Times may run backwards where sources were merged: each event is looked at. */
  readonly fromTime?: number
  readonly toTime?: number
  /** By the device of the envelope; null is none. */
  readonly devices?: readonly (DeviceId | null)[]
  /** By full event type, such as `percpu-ref/killed`. */
  readonly types?: readonly string[]
  /** Aborting makes the iteration throw the signal's reason. */
  readonly signal?: AbortSignal
  /**
   * Called with each damaged place; reading goes on with the next whole event. Without it the first damaged place
   * that is read throws.
   */
  readonly onDamage?: (damage: LogDamagedError) => void
}

export interface AttachmentInfo {
  readonly name: string
  readonly bytes: number
}

/** What a log had before the events it has, and lost: a stream lets go of old messages. */
export interface GoneHead {
  /** How many, the baseline included. */
  readonly events: number
  /** `seq` of the last of them. */
  readonly seq: number
}

export interface LogReader extends AsyncDisposable {
  readonly meta: LogMeta
  /** Before its first event. Zeros: it has all there were. */
  readonly gone: GoneHead
  /** `seq` of the newest whole event when the reader was opened; 0 when there is none, or only the baseline. */
  readonly lastSeq: number
  /** What a writer left half-written. While a writer is at work it may just be at it. */
  readonly tornTail: TornTail | null
  /**
   * The events in order. Nothing is read before the iteration starts; each call reads anew.
   * @throws LogDamagedError at a damaged place (see `onDamage`); LogUsageError `bad-range`, `closed`, `unsupported`
   * for an event outside the vocabulary, or `let-go` when the log's head went meanwhile.
   */
  read(range?: ReadRange): AsyncIterable<AnyEvent>
  /**
   * The same in blocks, whole ones: also with events that do not fit the range. For whoever reads millions. A block
   * is valid until the next one is asked for; what makes no sense in it throws a LogDamagedError when it is looked at.
   * @throws as `read`.
   */
  blocks(range?: ReadRange): AsyncIterable<ColumnBlock>
  /**
   * What `read` gives, then what is added, by whichever process, in order, each event once, as soon as it is `written`. It waits
   * for more until `to` is reached, the signal aborts, the reader is closed or nobody iterates any more; of a range nothing
   * else ends it. Who takes long makes nobody else wait, and what was not asked for is not kept. What a writer may still be
   * writing is no damage.
   * @throws as `read`; `closed` also while it waits.
   */
  follow(range?: ReadRange): AsyncIterable<AnyEvent>
  /**
   * The same in arrays, never empty: the events that are there, at most as many as a block has. For whoever does the same
   * once for many.
   */
  followBatches(range?: ReadRange): AsyncIterable<readonly AnyEvent[]>
  /**
   * What is known of the blocks without reading the events, in order; damaged ones are left out.
   * @throws LogUsageError `closed`.
   */
  summaries(): Promise<readonly BlockSummary[]>
  /** Those there are now, sorted by name. */
  attachments(): Promise<readonly AttachmentInfo[]>
  /**
   * The whole attachment, checked before it is returned.
   * @throws LogUsageError `not-found`, or `bad-range` past ATTACHMENT_BYTES_MAX; LogDamagedError.
   */
  attachment(name: string): Promise<Uint8Array>
  /** The attachment in pieces, each checked before it is handed out. @throws as `attachment`. */
  attachmentChunks(name: string): AsyncIterable<Uint8Array>
  /** The `seq` of each keyframe of a fold that there is now, ascending, up to `lastSeq`. @throws LogUsageError `bad-name`. */
  keyframes(fold: string): Promise<readonly number[]>
  /**
   * The newest whole keyframe at or before a `seq`, null when there is none. Its bytes are checked; damaged ones are passed
   * over (see `onDamage`), for the events before them tell the same.
   * @throws LogUsageError `bad-name`, `bad-range`.
   */
  keyframe(fold: string, atOrBefore: number, options?: KeyframeOptions): Promise<Keyframe | null>
  close(): Promise<void>
}

/** A place for one log. */
export interface LogStore {
  /** @throws LogUsageError `exists` when a log (or anything else) is there, `bad-meta`. */
  create(meta: LogMeta): Promise<LogWriter>
  /** Continues a log. @throws LogUsageError `not-found`, `locked`; LogDamagedError when the end is damaged. */
  append(): Promise<LogWriter>
  /** @throws LogUsageError `not-found`, `not-a-log`, `unsupported`; LogDamagedError when the meta is damaged. */
  open(): Promise<LogReader>
}
