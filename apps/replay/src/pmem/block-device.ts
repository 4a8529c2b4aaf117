/** The bytes that a namespace offers as a block device, whatever mode it is in. */
import { errnoName } from '@devtrail/events'
import { Btt, OverlayMedium, type Medium } from '@devtrail/nvdimm-pmem/btt'
import { decodePfn, effective } from '@devtrail/nvdimm-pmem/media'
import { exit, Failure } from '../session/failure.ts'
import { goodSuperblock, type Image } from './image.ts'

const PAGE = 4096

export interface BlockDevice {
  readonly mode: 'raw' | 'sector' | 'fsdax' | 'devdax'
  /** Bytes. */
  readonly size: number
  readonly sectorSize: number
  /** Writes that recovery completed. */
  readonly recovered: number
  /** Fills `into` from a whole sector on. @throws Failure when a sector cannot be read. */
  read(sector: number, into: Uint8Array): void
  /** Writes whole sectors. @throws Failure when it cannot. */
  write(sector: number, from: Uint8Array): void
}

/** Sectors of what has none of its own. */
const PLAIN_SECTOR = 512

function plain(mode: BlockDevice['mode'], medium: Medium, start: number, size: number): BlockDevice {
  return {
    mode,
    size,
    sectorSize: PLAIN_SECTOR,
    recovered: 0,
    read: (sector, into) => medium.load(start + sector * PLAIN_SECTOR, into),
    write: (sector, from) => medium.store(start + sector * PLAIN_SECTOR, from),
  }
}

function sectors(image: Image, start: number, isWritable: boolean): BlockDevice {
  // Recovery writes; a reader keeps that to itself.
  const btt = Btt.open(isWritable ? image.medium : new OverlayMedium(image.medium), { start })
  const { sectorSize, sectorCount, recovered } = btt
  const done = (what: string, sector: number, error: number): void => {
    if (error === 0) return
    throw new Failure(
      exit.damaged,
      `${image.given}: sector ${sector} cannot be ${what} (${errnoName(error)}); devtrail pmem check says what is wrong`,
    )
  }
  const each = (sector: number, bytes: Uint8Array, what: string, one: (n: number, piece: Uint8Array) => number): void => {
    for (let at = 0, n = sector; at < bytes.length; at += sectorSize, n++) done(what, n, one(n, bytes.subarray(at, at + sectorSize)))
  }
  return {
    mode: 'sector',
    size: sectorCount * sectorSize,
    sectorSize,
    recovered,
    read: (sector, into) => each(sector, into, 'read', (n, piece) => btt.read(n, piece)),
    write: (sector, from) => each(sector, from, 'written', (n, piece) => btt.write(n, piece)),
  }
}

/** @throws Failure or BttError when the superblock is damaged or does not fit the image. */
export function blockDeviceOf(image: Image, isWritable: boolean): BlockDevice {
  const { medium, given } = image
  if (image.superblock === null) return plain('raw', medium, 0, medium.size)
  const superblock = goodSuperblock(image)
  if (superblock.kind === 'btt') return sectors(image, superblock.at, isWritable)
  const { startPad, dataoff, npfns } = effective(decodePfn(superblock.block))
  const [start, size] = [startPad + dataoff, npfns * PAGE]
  if (start + size > medium.size)
    throw new Failure(
      exit.damaged,
      `${given} has ${medium.size} bytes, and its superblock tells of data up to byte ${start + size}: it was cut`,
    )
  return plain(superblock.kind === 'pfn' ? 'fsdax' : 'devdax', medium, start, size)
}
