/** A long recording out of a short real one: copies of it, one after the other in time, as text and as trace.dat. */
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

const SOURCE = join(import.meta.dirname, '../../../recordings/linux-6.1/fsdax-gup-stress')
const ENTRY = /^(.{0,60}?\] \S+ +)(\d+)\.(\d{6})(: .*)$/
const PAGE_BYTES = 4096

export interface LongRecording {
  /** Folders with the trace as text, and as trace.dat; what else was recorded lies beside both. */
  readonly text: string
  readonly binary: string
  readonly entries: number
}

/** Makes both below `folder`. */
export function longRecording(folder: string, copies: number): LongRecording {
  const text = join(folder, 'text')
  const binary = join(folder, 'binary')
  for (const to of [text, binary]) {
    mkdirSync(to)
    for (const name of readdirSync(SOURCE)) if (!name.startsWith('trace')) cpSync(join(SOURCE, name), join(to, name))
  }
  const { entries, spanMicros } = writeText(join(text, 'trace.txt'), copies)
  writeBinary(join(binary, 'trace.dat'), copies, spanMicros)
  return { text, binary, entries }
}

function writeText(path: string, copies: number): { entries: number; spanMicros: number } {
  const lines = gunzipSync(readFileSync(join(SOURCE, 'trace.txt.gz')))
    .toString('utf8')
    .trimEnd()
    .split('\n')
  const head = lines.filter((line) => line.startsWith('#'))
  const body = lines.slice(head.length).map((line) => ENTRY.exec(line) ?? line)
  const times = body.flatMap((m) => (typeof m === 'string' ? [] : [Number(m[2]) * 1e6 + Number(m[3])]))
  const spanMicros = times.at(-1)! - times[0]! + 1000
  const entries = times.length * copies
  const file = openSync(path, 'w')
  writeSync(file, `${head.join('\n').replace(/entries-written: \d+\/\d+/, `entries-written: ${entries}/${entries}`)}\n`)
  for (let copy = 0; copy < copies; copy++) {
    const moved = body.map((m) => {
      if (typeof m === 'string') return m
      const micros = Number(m[2]) * 1e6 + Number(m[3]) + copy * spanMicros
      return `${m[1]}${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}${m[4]}`
    })
    writeSync(file, `${moved.join('\n')}\n`)
  }
  closeSync(file)
  return { entries, spanMicros }
}

/** The pages of each CPU, unpacked: what its chunks hold. */
function pagesOf(file: Buffer, offset: number): Buffer {
  const pages: Buffer[] = []
  let at = offset + 4
  for (let left = file.readUInt32LE(offset); left > 0; left--) {
    const packed = file.readUInt32LE(at)
    pages.push(zstdDecompressSync(file.subarray(at + 8, at + 8 + packed)))
    at += 8 + packed
  }
  return Buffer.concat(pages)
}

/** The options of a section that is not packed, each with where its value lies. */
function* optionsAt(file: Buffer, section: number): Generator<{ id: number; at: number; bytes: number }> {
  for (let at = section + 16; ;) {
    const id = file.readUInt16LE(at)
    const bytes = file.readUInt32LE(at + 2)
    yield { id, at: at + 6, bytes }
    if (id === 0) return
    at += 6 + bytes
  }
}

const section = (id: number, bytes: number): Buffer => {
  const head = Buffer.alloc(16)
  head.writeUInt16LE(id, 0)
  head.writeBigUInt64LE(BigInt(bytes), 8)
  return head
}

const option = (id: number, bytes: Buffer): Buffer => {
  const head = Buffer.alloc(6)
  head.writeUInt16LE(id, 0)
  head.writeUInt32LE(bytes.length, 2)
  return Buffer.concat([head, bytes])
}

/** The file as it is, with another buffer section behind it that its options lead to. */
function writeBinary(path: string, copies: number, spanMicros: number): void {
  const file = readFileSync(join(SOURCE, 'trace.dat'))
  const header = file.indexOf('\0', file.indexOf('zstd\0') + 5) + 1
  const first = Number(file.readBigUInt64LE(header))
  const link = [...optionsAt(file, first)].at(-1)!
  const buffer = [...optionsAt(file, Number(file.readBigUInt64LE(link.at)))].find(({ id }) => id === 3)!
  // Offset, name "", clock "mono", size of pages, how many CPUs; of each its number, offset and size.
  const table = buffer.at + 8 + 1 + 5 + 8
  const cpus = [0, 1].map((i) => pagesOf(file, Number(file.readBigUInt64LE(table + i * 20 + 4))))
  const out = openSync(path, 'w')
  let length = 0
  const put = (bytes: Buffer): void => {
    writeSync(out, bytes)
    length += bytes.length
  }
  const align = (): void => put(Buffer.alloc((PAGE_BYTES - (length % PAGE_BYTES)) % PAGE_BYTES))
  put(file)
  align()
  const fly = length
  put(section(3, cpus.reduce((sum, pages) => sum + pages.length * copies, 0) + PAGE_BYTES - 16))
  align()
  const places = cpus.map((pages) => {
    const at = length
    for (let copy = 0; copy < copies; copy++) put(moved(pages, BigInt(copy * spanMicros) * 1000n))
    return { at, bytes: length - at }
  })
  const end = length
  const value = Buffer.from(file.subarray(buffer.at, buffer.at + buffer.bytes))
  value.writeBigUInt64LE(BigInt(fly), 0)
  for (const [i, { at, bytes }] of places.entries()) {
    value.writeBigUInt64LE(BigInt(at), 22 + i * 20 + 4)
    value.writeBigUInt64LE(BigInt(bytes), 22 + i * 20 + 12)
  }
  const options = Buffer.concat([option(3, value), option(0, Buffer.alloc(8))])
  put(section(0, options.length))
  put(options)
  const to = Buffer.alloc(8)
  to.writeBigUInt64LE(BigInt(end))
  writeSync(out, to, 0, 8, link.at)
  closeSync(out)
}

/** Pages begin with the time of their first record. */
function moved(pages: Buffer, nanos: bigint): Buffer {
  const copy = Buffer.from(pages)
  for (let at = 0; at < copy.length; at += PAGE_BYTES) copy.writeBigUInt64LE(copy.readBigUInt64LE(at) + nanos, at)
  return copy
}
