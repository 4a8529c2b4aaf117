import type { AnyEvent } from './envelope.ts'
import type { Field } from './field.ts'

/** One field's values over the events of one type in a block. */
export interface FieldCursor {
  readonly name: string
  readonly field: Field
  /**
   * Numbers as they are (NaN is null); of a string, pointer or enum a number that is the same for the same value (0 of a
   * string is null); of a bool 0 or 1; of a u64 the low half; of a text nothing useful.
   */
  readonly numbers: Float64Array
  /** High halves of a u64. */
  readonly high: Float64Array | null
  /** The value of a row as an event has it. */
  readonly value: (row: number) => unknown
}

/**
 * Events that follow each other, kept in columns: for whoever reads millions of them. Columns are decoded when they
 * are first asked for. A place is an event's number within the block, from 0; NaN in a column is null.
 */
export interface EventBlock {
  readonly count: number
  /** `seq` of the last event. */
  readonly lastSeq: number
  /** The types in it, as they were declared when it was written. */
  readonly types: readonly { readonly name: string; readonly version: number }[]
  /** For each event its type's place in `types`. */
  readonly type: Float64Array
  /** Nanoseconds since the log's epoch. */
  readonly time: Float64Array
  readonly device: Float64Array
  readonly cpu: Float64Array
  readonly entry: Float64Array
  /** Hosts, 0 for none; null: no event of the block says one. */
  readonly host: Float64Array | null
  seq(place: number): number
  /** An event of one's own, as it was appended; upcast where its type has a newer version. */
  event(place: number): AnyEvent
  /**
   * The same event at a glance: an object that reads the columns as it is asked, and turns into another event at the
   * next call, of whichever block of the same iteration. Copy what is to be kept.
   */
  view(place: number): AnyEvent
}

/** A block that has the data of its events in columns, too. */
export interface ColumnBlock extends EventBlock {
  /** The fields of a type (its place in `types`), each with its values by row. */
  fields(type: number): readonly FieldCursor[]
  /** The event's row among those of its type. */
  row(place: number): number
}

/** What a log knows of some events that follow each other without reading them. */
export interface BlockSummary {
  readonly count: number
  /** `seq` of the first and the last event; 0 is the baseline. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** Nanoseconds since the log's epoch. */
  readonly minTime: number
  readonly maxTime: number
  /** Smallest and largest entry; null when no event has one. */
  readonly entries: { readonly first: number; readonly last: number } | null
}
