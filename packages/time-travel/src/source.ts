import type { AnyEvent, BlockSummary, EventBlock } from '@devtrail/events'
import type { Moment } from './position.ts'

/** Which events, by seq; numbers are inclusive at both ends. */
export interface BlockRange {
  readonly from?: number
  readonly to?: number
  /** Only blocks that may hold events of these types. */
  readonly types?: readonly string[]
}

/** What a fold made of the events up to `seq`, in named parts. */
export interface StoredKeyframe {
  readonly seq: number
  readonly parts: ReadonlyMap<string, Uint8Array>
}

/** Where a source begins that lacks what came before. */
export interface SourceStart extends Moment {
  /** `seq` of the last event that is not handed out; with its entry and time where they are known. */
  readonly seq: number
  /** Whether the log ends there: its last event says that nothing comes after it. */
  readonly ended: boolean
  /** The parts of a keyframe there; null: nothing is known of what came before. */
  readonly parts: ReadonlyMap<string, Uint8Array> | null
  /** The hosts of a log of several, by their numbers from 1: what said who they are is gone, too. */
  readonly hosts?: readonly StartHost[]
}

export interface StartHost {
  readonly name: string
  /** Whether its clock is the log's. */
  readonly isReference: boolean
}

/**
 * Where events come from: a log, or an array in a test. Read as often as needed. What a source can do beyond handing
 * out events makes it fast, and nothing else.
 */
export interface EventSource {
  /** Of a source whose head is gone: where it begins. All that it hands out comes after that. */
  readonly start?: SourceStart
  read(): AsyncIterable<AnyEvent> | Iterable<AnyEvent>
  /** Whole blocks that may hold events of a range; a block is valid until the next one is asked for. */
  blocks?(range: BlockRange): AsyncIterable<EventBlock>
  /** What is known of all blocks without reading them, in order. */
  summaries?(): Promise<readonly BlockSummary[]>
  /** The newest keyframe of a fold at or before a `seq`. */
  keyframe?(fold: string, atOrBefore: number): Promise<StoredKeyframe | null>
}
