/** A packed file whose bytes are to be read anywhere: it is unpacked beside, into a file that has no name. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, open, rm, stat, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { RecordingError } from '../errors.ts'
import { CHUNK_BYTES } from './bytes-of.ts'

/** A trace.dat packs to a tenth or so; what would be more than this times as large is made to fill a disk. */
const RATIO_MAX = 200
const ELSEWHERE = 'unpack it first (gunzip), or name another folder (TMPDIR)'
const SMALL_BYTES = 64 << 20

/**
 * A file's bytes unpacked, as a file that is gone once it is closed.
 * @throws RecordingError when it is damaged, would be far too large, or there is no room for it
 */
export async function unpacked(path: string): Promise<FileHandle> {
  const { size } = await stat(path)
  const folder = await mkdtemp(join(tmpdir(), 'devtrail-')).catch((error: Error) => {
    throw new RecordingError(`${path}: it cannot be unpacked below ${tmpdir()} (${error.message}): ${ELSEWHERE}`, { cause: error })
  })
  try {
    const whole = join(folder, 'trace.dat')
    await pipeline(
      createReadStream(path, { highWaterMark: CHUNK_BYTES }),
      createGunzip({ chunkSize: CHUNK_BYTES }),
      atMost(SMALL_BYTES + size * RATIO_MAX),
      createWriteStream(whole, { flags: 'wx', mode: 0o600 }),
    )
    return await open(whole)
  } catch (error) {
    throw new RecordingError(`${path}: ${why(error as NodeJS.ErrnoException, folder)}`, { cause: error })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function why(error: NodeJS.ErrnoException, folder: string): string {
  if (error instanceof TooLarge)
    return `the gzip data is more than ${RATIO_MAX} times as large unpacked: if it is meant to be, unpack it first (gunzip)`
  if (error.code === 'ENOSPC') return `there is no room to unpack it in ${folder}: ${ELSEWHERE}`
  return `the gzip data is damaged or cut (${error.message})`
}

class TooLarge extends Error {}

function atMost(bytes: number): Transform {
  let left = bytes
  return new Transform({
    transform(piece: Uint8Array, _, next): void {
      left -= piece.length
      if (left < 0) next(new TooLarge())
      else next(null, piece)
    },
  })
}
