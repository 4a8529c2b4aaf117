import type { LogDamagedError } from '@devtrail/event-log'
import type { BlockInfo } from './block-message.ts'

/** A block, or what is damaged where one should be. */
export type IndexEntry = BlockInfo | LogDamagedError

export function isBlock(entry: IndexEntry): entry is BlockInfo {
  return 'number' in entry
}

/**
 * Blocks in the order of their numbers, each once: a stream that is filled from another one may have them otherwise. A header that has
 * a right checksum is of this log and says which block it is. What is damaged stays behind the block that it came after.
 */
export function inOrder(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  const placed: { readonly at: number; readonly entry: IndexEntry }[] = []
  const known = new Set<number>()
  let at = 0
  let isOrdered = true
  for (const entry of entries) {
    if (isBlock(entry)) {
      isOrdered &&= entry.number > at
      at = entry.number
      if (known.has(at)) continue
      known.add(at)
    }
    placed.push({ at, entry })
  }
  return isOrdered ? entries : placed.toSorted((a, b) => a.at - b.at).map(({ entry }) => entry)
}
