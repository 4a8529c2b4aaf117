import { errno } from '@devtrail/events'
import { loaded, type Medium } from '../media/medium.ts'
import { isWhole, kindOf, SUPERBLOCK_BYTES } from '../media/superblock.ts'
import { BttError } from './btt-error.ts'
import { bttVersions } from './format.ts'

/** Whether a whole info block of a version begins where that version's does. */
function isAt(medium: Medium, { start, major, minor }: (typeof bttVersions)['1.1' | '2.0']): boolean {
  if (start + SUPERBLOCK_BYTES > medium.size) return false
  const block = loaded(medium, start, SUPERBLOCK_BYTES)
  return kindOf(block) === 'btt' && isWhole(block) && block[52] === major && block[53] === 0 && block[54] === minor && block[55] === 0
}

/**
 * Where the first arena begins. 2.0 comes first: what it has at byte 4096 is the data of a sector, which may look like anything.
 * @throws BttError -ENODEV when there is none.
 */
export function locateBtt(medium: Medium): number {
  for (const version of ['2.0', '1.1'] as const) if (isAt(medium, bttVersions[version])) return bttVersions[version].start
  throw new BttError(errno.ENODEV, 0, 'no BTT: neither at byte 0 (2.0) nor at byte 4096 (1.1) is there a whole BTT_ARENA_INFO')
}
