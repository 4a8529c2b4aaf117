import { Btt } from '../btt/btt.ts'
import { formatArena } from '../btt/format.ts'
import { LOG_GROUP_BYTES } from '../btt/geometry.ts'
import { INFO_BYTES, type ArenaInfo } from '../media/arena-info.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { NULL_UUID } from '../media/uuid.ts'

const PAGE = 4096
const toPage = (n: number): number => Math.ceil(n / PAGE) * PAGE

export interface SmallBtt {
  readonly sectors: number
  readonly lanes: number
  readonly sectorSize: number
}

/** The info of an arena as the kernel lays it out, only much smaller than it would make one. */
export function smallArena({ sectors, lanes, sectorSize }: SmallBtt): ArenaInfo {
  const internalNlba = sectors + lanes
  const mapoff = PAGE + toPage(internalNlba * sectorSize)
  const logoff = mapoff + toPage(sectors * 4)
  const info2off = logoff + toPage(lanes * LOG_GROUP_BYTES)
  return {
    uuid: '00112233-4455-6677-8899-aabbccddeeff',
    parentUuid: NULL_UUID,
    flags: 0,
    versionMajor: 2,
    versionMinor: 0,
    externalLbasize: sectorSize,
    externalNlba: sectors,
    internalLbasize: sectorSize,
    internalNlba,
    nfree: lanes,
    infosize: INFO_BYTES,
    nextoff: 0,
    dataoff: PAGE,
    mapoff,
    logoff,
    info2off,
  }
}

/** A medium with such a BTT, whose blocks are filled with `stale`. */
export function smallBtt(size: SmallBtt, stale = 0): MemoryMedium {
  const info = smallArena(size)
  const medium = new MemoryMedium(new Uint8Array(info.info2off + INFO_BYTES).fill(stale))
  formatArena(medium, 0, info)
  return medium
}

/** Forty sectors of 512 bytes, of which 3 and 9 were written, each on a lane of its own. */
export function writtenBtt(): { medium: MemoryMedium; btt: Btt } {
  const medium = smallBtt({ sectors: 40, lanes: 4, sectorSize: 512 })
  const btt = Btt.open(medium)
  btt.write(3, filled(512, 3))
  btt.write(9, filled(512, 9), 1)
  return { medium, btt }
}

/** A sector filled with a byte. */
export const filled = (size: number, byte: number): Uint8Array => new Uint8Array(size).fill(byte)
