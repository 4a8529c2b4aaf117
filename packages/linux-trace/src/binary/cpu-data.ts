/** The bytes of one CPU's trace in pieces, unpacked where they are compressed. */
import type { CpuData, DatBuffer, DatFile } from './dat-file.ts'
import { damaged, type ByteSource, type Decompress } from './source.ts'

/** Bytes read at once, about. */
const PIECE_BYTES = 1 << 18
/** A chunk unpacked; trace-cmd makes them of some hundred pages at most. */
const CHUNK_BYTES_MAX = 64 << 20
const CHUNKS_MAX = 1 << 24

/** Pieces of whole pages. @throws RecordingError with the place. */
export async function* pagesOf(
  source: ByteSource,
  decompress: Decompress,
  { algorithm, isLittleEndian }: DatFile,
  { pageBytes, isCompressed }: DatBuffer,
  { cpu, offset, size }: CpuData,
): AsyncGenerator<Uint8Array> {
  if (size === 0) return
  if (!isCompressed) {
    const step = Math.max(1, Math.floor(PIECE_BYTES / pageBytes)) * pageBytes
    for (let at = 0; at < size; at += step) {
      const length = Math.min(step, size - at)
      const bytes = await source.read(offset + at, length)
      if (bytes.length < length) throw damaged(offset + at + bytes.length, `the trace of CPU ${cpu} is cut`)
      yield bytes
    }
    return
  }
  // The size that is told leaves out the count of chunks.
  const end = Math.min(size + 4, source.size - offset)
  const word = async (at: number): Promise<number> => {
    const bytes = at + 4 <= end ? await source.read(offset + at, 4) : new Uint8Array(0)
    if (bytes.length < 4) throw damaged(offset + at, `the chunks of CPU ${cpu} are cut`)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, isLittleEndian)
  }
  const chunks = await word(0)
  if (chunks > CHUNKS_MAX) throw damaged(offset, `${chunks} chunks of CPU ${cpu}`)
  for (let at = 4, left = chunks; left > 0; left--) {
    const packed = await word(at)
    const length = await word(at + 4)
    at += 8
    if (packed > end - at) throw damaged(offset + at, `a chunk of CPU ${cpu} has ${packed} bytes, and ${end - at} are left`)
    if (length > CHUNK_BYTES_MAX) throw damaged(offset + at - 4, `a chunk of CPU ${cpu} would have ${length} bytes unpacked`)
    const bytes = await source.read(offset + at, packed)
    let whole: Uint8Array
    try {
      whole = decompress(algorithm, bytes, length)
    } catch (error) {
      throw damaged(offset + at, `a chunk of CPU ${cpu} cannot be unpacked with ${algorithm} (${(error as Error).message})`)
    }
    if (whole.length !== length) throw damaged(offset + at, `a chunk of CPU ${cpu} has ${whole.length} bytes unpacked instead of ${length}`)
    yield whole
    at += packed
  }
}
