/** How a namespace is divided into arenas, and an arena into info | data | map | log | info2. All sizes in bytes. */
const KIB = 1024
export const ARENA_BYTES_MIN = 16 * KIB ** 2
export const ARENA_BYTES_MAX = 512 * KIB ** 3
/** Lanes of an arena. */
export const NFREE = 256
const PAGE = 4 * KIB
const INFO = 4 * KIB
/** Each lane's log group. */
export const LOG_GROUP_BYTES = 64
const LOG = NFREE * LOG_GROUP_BYTES
const MAP_ENTRY = 4
/** A sector takes a multiple of this on the medium. */
const BLOCK_ALIGN = 64

/** Bytes of a sector that the kernel offers: 512 or 4096, and as much metadata. */
export const sectorSizes = [512, 520, 528, 4096, 4104, 4160, 4224] as const

const alignUp = (n: number, to: number): number => Math.ceil(n / to) * to
const alignDown = (n: number, to: number): number => Math.floor(n / to) * to

export interface ArenaGeometry {
  /** Bytes of the arena. */
  readonly size: number
  readonly internalLbasize: number
  readonly externalNlba: number
  readonly internalNlba: number
  readonly dataoff: number
  readonly mapoff: number
  readonly logoff: number
  readonly info2off: number
}

/** alloc_arena: the geometry of an arena of so many bytes, for sectors of `lbasize` bytes with their metadata. */
export function arenaGeometry(size: number, lbasize: number): ArenaGeometry {
  const internalLbasize = alignUp(lbasize, BLOCK_ALIGN)
  const available = alignDown(size, PAGE) - 2 * INFO - LOG
  // A page is set aside, since the map is rounded up to pages.
  const internalNlba = Math.floor((available - PAGE) / (internalLbasize + MAP_ENTRY))
  const externalNlba = internalNlba - NFREE
  const mapBytes = alignUp(externalNlba * MAP_ENTRY, PAGE)
  const mapoff = INFO + available - mapBytes
  const logoff = mapoff + mapBytes
  return { size, internalLbasize, externalNlba, internalNlba, dataoff: INFO, mapoff, logoff, info2off: logoff + LOG }
}

export interface ArenaPlace {
  /** From the BTT's start. */
  readonly at: number
  readonly size: number
  /** To the next arena; 0 for none. */
  readonly nextoff: number
}

/** create_arenas: where arenas lie in so many bytes; empty when there is room for none. */
export function arenaPlaces(rawsize: number, arenaMax: number = ARENA_BYTES_MAX): ArenaPlace[] {
  const places: ArenaPlace[] = []
  for (let at = 0, left = rawsize; left >= ARENA_BYTES_MIN;) {
    const size = Math.min(left, arenaMax)
    left -= size
    places.push({ at, size, nextoff: left >= ARENA_BYTES_MIN ? size : 0 })
    at += size
  }
  return places
}

/** Bytes of a sector that are data: 512, or 4096 from there on. The others are metadata. */
export const dataBytesOf = (lbasize: number): number => (lbasize >= 4096 ? 4096 : 512)
