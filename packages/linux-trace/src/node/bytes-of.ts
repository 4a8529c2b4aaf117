import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { constants, createGunzip, gunzipSync } from 'node:zlib'
import { RecordingError } from '../errors.ts'
import { foreignWithin } from './foreign.ts'

/** Bytes read from a file at once. */
export const CHUNK_BYTES = 1 << 18

/** So many bytes of what is packed hold its beginning. */
const HEAD_BYTES = 4096

/** A file's bytes as a stream, unpacked where they are gzipped. A piece is valid until the next one is asked for. */
export async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  if (!(await isGzip(path))) {
    yield* plainBytes(path)
    return
  }
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  const unzip = createGunzip({ chunkSize: CHUNK_BYTES })
  file.on('error', (error) => unzip.destroy(error))
  try {
    let isFirst = true
    for await (const piece of file.pipe(unzip) as AsyncIterable<Uint8Array>) {
      const foreign = isFirst ? foreignWithin(piece) : null
      if (foreign !== null) throw new RecordingError(`${path} is ${foreign}`)
      isFirst = false
      yield piece
    }
  } catch (error) {
    if (error instanceof RecordingError) throw error
    throw new RecordingError(`${path}: the gzip data is damaged or cut (${(error as Error).message})`, { cause: error })
  } finally {
    // Whoever stops reading ends the unpacking alone, not what feeds it.
    file.destroy()
  }
}

/** While one piece is looked at the next is read, into the buffer of the one before. */
async function* plainBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  try {
    let [buffer, other] = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)]
    let reading = file.read(buffer, 0, CHUNK_BYTES)
    for (;;) {
      const { bytesRead } = await reading
      if (bytesRead === 0) return
      const piece = buffer.subarray(0, bytesRead)
      ;[buffer, other] = [other, buffer]
      reading = file.read(buffer, 0, CHUNK_BYTES)
      reading.catch(() => {})
      yield piece
    }
  } finally {
    await file.close()
  }
}

/** The first bytes of a file, unpacked where it is gzipped; of one that cannot be unpacked, as they are. */
export async function headWithin(path: string, bytes: number): Promise<Uint8Array> {
  if (!(await isGzip(path))) return head(path, bytes)
  const packed = await head(path, HEAD_BYTES)
  try {
    return gunzipSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: HEAD_BYTES * 1100 }).subarray(0, bytes)
  } catch {
    return packed.subarray(0, bytes)
  }
}

export async function head(path: string, bytes: number): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const buffer = new Uint8Array(bytes)
    const { bytesRead } = await file.read(buffer, 0, bytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

export async function isGzip(path: string): Promise<boolean> {
  const [a, b] = await head(path, 2)
  return a === 0x1f && b === 0x8b
}
