/** Checksums and zstd in plain JavaScript. */
import { decompress } from 'fzstd'

export { crc32 } from '../codec/crc32.ts'

const MAGIC = 0xfd2fb528
const WINDOW_LOG_MIN = 10

/** What a frame's header says: its window in bytes, and how many it holds (null: it does not say). */
function headOf(frame: Uint8Array): { readonly window: number; readonly content: number | null } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < 6 || view.getUint32(0, true) !== MAGIC) throw new Error('no zstd frame')
  const descriptor = frame[4]!
  const isSingle = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  let at = 5
  let window = 0
  if (!isSingle) {
    const bits = frame[at++]!
    const base = 2 ** (WINDOW_LOG_MIN + (bits >> 3))
    window = base + (base / 8) * (bits & 7)
  }
  at += dictionary
  const size = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  if (at + size > frame.length) throw new Error('a zstd frame without its end')
  const content =
    size === 0
      ? null
      : size === 1
        ? view.getUint8(at)
        : size === 2
          ? view.getUint16(at, true) + 256
          : size === 4
            ? view.getUint32(at, true)
            : view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
  return { window: isSingle ? content! : window, content }
}

/** As Node's: see `node.ts`. Every writer of logs says in its frames how many bytes they hold. */
export function unzstd(frame: Uint8Array, size: number, windowLog: number): Uint8Array<ArrayBuffer> {
  const { window, content } = headOf(frame)
  if (content !== null && content > size) throw new Error(`a frame of ${content} bytes, where there is room for ${size}`)
  if (window > Math.max(2 ** windowLog, size)) throw new Error(`a frame that asks for a window of ${window} bytes`)
  const out = new Uint8Array(size)
  const bytes = decompress(frame, out)
  if (bytes.length > size) throw new Error(`a frame of more than ${size} bytes`)
  // What a frame does not say of its length, the piece that it filled does.
  return bytes.buffer === out.buffer ? out.subarray(0, bytes.length) : new Uint8Array(bytes)
}
