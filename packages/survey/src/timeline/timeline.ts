/** What a timeline shows of a log: rows of devices, with lanes, and where their events are. Plain data. */

/** What a lane of a row shows, as a kind of its own look. */
export type Tone = 'on' | 'coming' | 'going' | 'off' | 'held' | 'unknown'

/** One value of a lane, over some stretch. */
export interface Look {
  readonly tone: Tone
  readonly text: string
  /** False: what is shown is a bound, or may be. */
  readonly sure: boolean
  /** How many there are at least, where it is about a number. */
  readonly atLeast?: number
}

export type LaneName = 'driver' | 'memory' | 'pages' | 'disk'

/** The stretches of a lane, each until the next: since which event, since when, and which look (−1: nothing). */
export interface Lane {
  readonly name: LaneName
  readonly seqs: Float64Array
  readonly times: Float64Array
  readonly looks: Int32Array
}

export interface Row {
  readonly key: string
  /** The name of its host, in a log of several; the key begins with it. */
  readonly host: string | null
  readonly kind: string | null
  readonly bookkeeping: boolean
  readonly first: number
  readonly last: number
  readonly events: number
  readonly lanes: readonly Lane[]
  /** Bins that have events of this device, ascending, and how many. */
  readonly bins: Int32Array
  readonly counts: Int32Array
}

/** The key of the row of what no device is known of: no device has it. */
export const OWNERLESS = ''

/** A key that turned out to be another one: several devices have that name. */
export interface Renaming {
  readonly from: string
  readonly to: string
}

/** How far a log was read, and what that shows. */
export interface Timeline {
  /** The first event of the first bin: the first that is there. */
  readonly firstSeq: number
  /** `seq` of the last event that was read. */
  readonly upTo: number
  readonly done: boolean
  /** Reading ended before the end: there are more devices than were to be kept. */
  readonly isFull: boolean
  /** How many events a bin counts together. */
  readonly binEvents: number
  /** The time at which each bin begins, in nanoseconds; one more for the end. */
  readonly binTimes: Float64Array
  readonly looks: readonly Look[]
  /** Those that were asked for. */
  readonly rows: readonly Row[]
  /** What no device is known of; null: there is nothing, or it was not asked for. */
  readonly ownerless: Row | null
  /** How many rows there are of the whole log. */
  readonly devices: number
  /** How many of them fit what was asked for, told or not. */
  readonly fitting: number
  /** Keys that became others while the log was read. */
  readonly renamed: readonly Renaming[]
  /** How many rules were judged. */
  readonly rules: number
}

/** Some events of a log, each looked at: what rows show where a timeline of the whole counts several events together. */
export interface TimelineWindow {
  /** The first event. */
  readonly from: number
  /** The times of all its events, in nanoseconds. */
  readonly times: Float64Array
  readonly looks: readonly Look[]
  /** The rows that were asked for and are there; their `bins` are events. */
  readonly rows: readonly Row[]
}
