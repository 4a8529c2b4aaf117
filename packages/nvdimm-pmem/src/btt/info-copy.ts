/**
 * The second info block of an arena whose first one is damaged. It lies at the arena's end, and knows how far that is from its beginning: one that
 * does not is another BTT's, or a sector's data.
 */
import { loaded, type Medium } from '../media/medium.ts'
import { INFO_BYTES, type ArenaInfo } from '../media/arena-info.ts'
import { BttError } from './btt-error.ts'
import { impossible, readArenaInfo } from './discover.ts'
import { bttVersions } from './format.ts'
import { ARENA_BYTES_MAX } from './geometry.ts'

/** What the label area at the end of a backing file usually takes. */
const LABEL_BYTES = 128 << 10
const INFO2OFF_AT = 112

/** The info block of an arena that begins at byte `at`, by its copy; `previous` is the arena before. Null: no copy is there. */
export function infoByCopy(medium: Medium, at: number, previous: ArenaInfo | null, parentUuid: string | null): ArenaInfo | null {
  for (const offset of placesOf(medium, at, previous)) {
    const info = copyAt(medium, at, offset, parentUuid)
    if (info !== null && (previous === null ? beginsThere(info, at) : isOfSame(info, previous))) return info
  }
  return null
}

/** Where a copy may be, from the arena's beginning: where the damaged block says, as in the arena before, and at the end of what there is. */
function* placesOf(medium: Medium, at: number, previous: ArenaInfo | null): Generator<number> {
  if (at + INFO_BYTES > medium.size) return
  const damaged = loaded(medium, at, INFO_BYTES)
  yield Number(new DataView(damaged.buffer).getBigUint64(INFO2OFF_AT, true))
  if (previous !== null) yield previous.info2off
  for (const end of [medium.size, medium.size - LABEL_BYTES]) {
    const bytes = Math.min(end - at, ARENA_BYTES_MAX)
    yield Math.floor(bytes / INFO_BYTES) * INFO_BYTES - INFO_BYTES
  }
}

function copyAt(medium: Medium, at: number, offset: number, parentUuid: string | null): ArenaInfo | null {
  if (offset < INFO_BYTES || offset % INFO_BYTES !== 0) return null
  try {
    const info = readArenaInfo(medium, at + offset, parentUuid)
    return info.info2off === offset && impossible(info, medium.size - at) === null ? info : null
  } catch (error) {
    if (error instanceof BttError) return null
    throw error
  }
}

const beginsThere = ({ versionMajor, versionMinor }: ArenaInfo, at: number): boolean =>
  Object.values(bttVersions).some(({ start, major, minor }) => start === at && major === versionMajor && minor === versionMinor)

const isOfSame = (info: ArenaInfo, previous: ArenaInfo): boolean =>
  (['uuid', 'parentUuid', 'versionMajor', 'versionMinor', 'externalLbasize'] as const).every((field) => info[field] === previous[field])

/** What lies where an info block is to be: nothing, what is left of it, or something else. */
export type Replaced = 'zeros' | 'remains' | 'other'

/** Remains have nothing but zeros where they are not the info block's; or half of it, beside which there may be anything. */
export function replacedBy(there: Uint8Array, info: Uint8Array): Replaced {
  if (there.every((byte) => byte === 0)) return 'zeros'
  const own = info.filter((byte) => byte !== 0).length
  const left = info.filter((byte, i) => byte !== 0 && there[i] === byte).length
  const isForeign = there.some((byte, i) => byte !== 0 && byte !== info[i])
  return !isForeign || left * 2 >= own ? 'remains' : 'other'
}
