/** What is wrong at a place. */
export interface Fault {
  readonly expected: string
  readonly found: string
}

/** Where a log is damaged, and what a person can do about it. */
export interface Damage {
  /** Path of the damaged file. */
  readonly file: string
  /** Line in that file, from 1; null where the file has no lines. */
  readonly line: number | null
  /** Byte in that file, from 0, at which the damaged part starts. */
  readonly offset: number
  readonly expected: string
  readonly found: string
  readonly todo: string
}

/** The stored bytes are not what a writer wrote. Nothing of the damaged part was handed out as an event. */
export class LogDamagedError extends Error implements Damage {
  override readonly name = 'LogDamagedError'
  readonly file: string
  readonly line: number | null
  readonly offset: number
  readonly expected: string
  readonly found: string
  readonly todo: string

  constructor(damage: Damage, options?: ErrorOptions) {
    const line = damage.line === null ? '' : ` line ${damage.line},`
    super(`${damage.file}:${line} byte ${damage.offset}: expected ${damage.expected}, found ${damage.found}; ${damage.todo}`, options)
    this.file = damage.file
    this.line = damage.line
    this.offset = damage.offset
    this.expected = damage.expected
    this.found = damage.found
    this.todo = damage.todo
  }
}

/**
 * Why a call was refused:
 * `not-found` nothing is there, `not-a-log` something else is there, `exists` there is something already,
 * `locked` another writer is at work, `closed` the writer or reader was closed, `unsupported` a newer format, event
 * version or an event type outside the vocabulary, `not-durable` more was asked for than the store can promise, `let-go`
 * what was to be read is gone meanwhile, as the store lets go of what is old, `bad-sequence` `bad-event` `bad-meta` `bad-name` `bad-range` `bad-keyframe` the
 * argument.
 */
export type LogUsageCode =
  | 'not-found'
  | 'not-a-log'
  | 'exists'
  | 'locked'
  | 'closed'
  | 'unsupported'
  | 'not-durable'
  | 'let-go'
  | 'bad-sequence'
  | 'bad-event'
  | 'bad-meta'
  | 'bad-name'
  | 'bad-range'
  | 'bad-keyframe'

/** The log is fine, the call is not; nothing was changed. */
export class LogUsageError extends Error {
  override readonly name = 'LogUsageError'
  readonly code: LogUsageCode

  constructor(code: LogUsageCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const EXCERPT_CHARS_MAX = 400

/** What went wrong, as text of bounded length: hostile input must not fill the screen. */
export function excerpt(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > EXCERPT_CHARS_MAX ? `${text.slice(0, EXCERPT_CHARS_MAX)}…` : text
}
