/** Makes arenas (btt_arena_write_layout): map and log in their initial state, then the second info block, and the first one last. */
import { errno } from '@devtrail/events'
import { put, putZeros, type Medium } from '../media/medium.ts'
import { dropSuperblocks } from '../media/drop-superblocks.ts'
import { NULL_UUID } from '../media/uuid.ts'
import { encodeArenaInfo, INFO_BYTES, type ArenaInfo } from '../media/arena-info.ts'
import { BttError } from './btt-error.ts'
import { arenaGeometry, arenaPlaces, LOG_GROUP_BYTES, NFREE, sectorSizes } from './geometry.ts'

/** So much of a map is filled with zeros at once. */
const MAP_CHUNK_BYTES = 2 << 20

/** Where the first arena begins: in a namespace whose label says that it is a BTT (2.0), or in any other (1.1). */
export const bttVersions = { '1.1': { start: 4096, major: 1, minor: 1 }, '2.0': { start: 0, major: 2, minor: 0 } } as const
export type BttVersion = keyof typeof bttVersions

export interface BttFormat {
  /** Bytes of a sector with its metadata: 512, 520, 528, 4096, 4104, 4160 or 4224; default 4096. */
  readonly sectorSize?: number
  readonly uuid: string
  /** Of the namespace; default the null uuid, which is any. */
  readonly parentUuid?: string
  /** Default 1.1. */
  readonly version?: BttVersion
  /** Bytes that an arena has at most; default 512 GiB, as the kernel's. A multiple of 4096. */
  readonly arenaBytesMax?: number
}

/** The info blocks of a BTT in so many bytes, each with where it begins. @throws BttError -ENXIO when there is no room, -EINVAL for a sector size that is not offered. */
export function plannedArenas(size: number, format: BttFormat): { readonly at: number; readonly info: ArenaInfo }[] {
  const { sectorSize = 4096, uuid, parentUuid = NULL_UUID, version = '1.1', arenaBytesMax } = format
  const { start, major, minor } = bttVersions[version]
  if (!(sectorSizes as readonly number[]).includes(sectorSize))
    throw new BttError(errno.EINVAL, start, `sectors of ${sectorSize} bytes are not offered; choose ${sectorSizes.join(', ')}`)
  const places = arenaPlaces(size - start, arenaBytesMax)
  if (places.length === 0)
    throw new BttError(errno.ENXIO, start, `${size} bytes are too few: an arena takes 16 MiB${start > 0 ? ' behind the first 4096' : ''}`)
  return places.map(({ at, size: bytes, nextoff }) => {
    const { internalLbasize, externalNlba, internalNlba, dataoff, mapoff, logoff, info2off } = arenaGeometry(bytes, sectorSize)
    const counts = { externalLbasize: sectorSize, externalNlba, internalLbasize, internalNlba, nfree: NFREE, infosize: INFO_BYTES }
    const offsets = { nextoff, dataoff, mapoff, logoff, info2off }
    return { at: start + at, info: { uuid, parentUuid, flags: 0, versionMajor: major, versionMinor: minor, ...counts, ...offsets } }
  })
}

/**
 * Makes the arenas. What the blocks hold stays: until they are written, sectors show it.
 *
 * What the namespace was before ends first, and the first arena is made last. So a power failure leaves nothing that could be taken for
 * a BTT, or all of it. The kernel makes the first arena first, and never does so over a whole one.
 */
export function formatArenas(medium: Medium, format: BttFormat): void {
  const planned = plannedArenas(medium.size, format)
  dropSuperblocks(medium)
  for (const { at, info } of planned.toReversed()) formatArena(medium, at, info)
}

/**
 * The parts of an arena, each durable before the next: map, log, second info block, first info block. Where the kernel zeroes the log and
 * then writes its entries one by one this stores it as a whole: nobody looks at it before there is an info block.
 */
export function formatArena(medium: Medium, at: number, info: ArenaInfo): void {
  for (let done = info.mapoff; done < info.logoff; done += MAP_CHUNK_BYTES)
    putZeros(medium, at + done, Math.min(MAP_CHUNK_BYTES, info.logoff - done))
  put(medium, at + info.logoff, initialLog(info))
  const block = encodeArenaInfo(info)
  put(medium, at + info.info2off, block)
  put(medium, at, block)
}

/** The log of lanes that have not written: each with a free block behind those of the sectors. */
function initialLog({ nfree, externalNlba, logoff, info2off }: ArenaInfo): Uint8Array {
  const log = new Uint8Array(info2off - logoff)
  const view = new DataView(log.buffer)
  for (let lane = 0; lane < nfree; lane++) {
    const free = externalNlba + lane
    for (const [n, word] of [lane, free, free, 1].entries()) view.setUint32(lane * LOG_GROUP_BYTES + n * 4, word, true)
  }
  return log
}
