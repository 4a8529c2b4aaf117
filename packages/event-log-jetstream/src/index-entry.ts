import type { LogDamagedError } from '@devtrail/event-log'
import type { BlockInfo } from './block-message.ts'

/** A block, or what is damaged where one should be. */
export type IndexEntry = BlockInfo | LogDamagedError

export function isBlock(entry: IndexEntry): entry is BlockInfo {
  return 'number' in entry
}
