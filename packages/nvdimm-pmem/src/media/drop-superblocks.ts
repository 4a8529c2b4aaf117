import { loaded, put64, type Medium } from './medium.ts'
import { kindOf, SUPERBLOCK_AT, SUPERBLOCK_BYTES } from './superblock.ts'

/** Takes the signatures of superblocks away, each by storing one word. */
export function dropSuperblocks(medium: Medium): void {
  for (const at of [0, SUPERBLOCK_AT]) if (kindOf(loaded(medium, at, SUPERBLOCK_BYTES)) !== null) put64(medium, at, 0, 0)
}
