/**
 * Real trace.dat files with damage: an input is a list of changes, to the bytes of the file or to what its compressed parts
 * unpack to. So inputs are small, and what lies behind the compression is reached.
 */
import { type Bytes, type Target } from '@devtrail/fuzz'
import { datReader } from '../dat-reader.ts'
import { imported } from '../imports.ts'
import { fileOf, folders, textOf } from '../recordings.ts'
import type { ByteSource, Decompress } from '../../src/binary/source.ts'
import { decompress } from '../../src/node/file-source.ts'

/** Entries of a recording are many; the pages after these are taken off each CPU. */
const PAGES_MAX = 6

interface Real {
  readonly bytes: Uint8Array
  readonly kprobeEvents: string
}

const files: readonly Real[] = folders.flatMap((folder) => {
  const bytes = fileOf(folder, 'trace.dat') ?? fileOf(folder, 'trace.v6.dat')
  return bytes === null ? [] : [{ bytes, kprobeEvents: textOf(folder, 'kprobe_events.txt') }]
})

/** Which file; how many bytes of it there are (of 256; 255: all); then changes of 6 bytes: where (u24 of its space), how, with what. */
const HEAD_BYTES = 2
const CHANGE_BYTES = 6
const HOW = { flip: 0, set: 1, word: 2, unpacked: 3, zeros: 4 } as const

interface Change {
  readonly at: number
  readonly how: number
  readonly value: number
}

function changesOf(input: Bytes): Change[] {
  const view = new DataView(input.buffer, input.byteOffset, input.length)
  return Array.from({ length: Math.min(64, Math.floor((input.length - HEAD_BYTES) / CHANGE_BYTES)) }, (_, i) => {
    const from = HEAD_BYTES + i * CHANGE_BYTES
    return { at: view.getUint16(from, true) + input[from + 2]! * 65_536, how: input[from + 3]! % 5, value: view.getUint16(from + 4, true) }
  })
}

function apply({ at, how, value }: Change, bytes: Uint8Array): void {
  const place = at % bytes.length
  if (how === HOW.flip) bytes[place]! ^= 1 << (value % 8)
  else if (how === HOW.zeros) bytes.fill(0, place, place + value)
  else if (how === HOW.word) bytes.set([value & 0xff, value >> 8].slice(0, bytes.length - place), place)
  else bytes[place] = value
}

async function run(input: Bytes): Promise<void> {
  if (input.length < HEAD_BYTES) return
  const { bytes, kprobeEvents } = files[input[0]! % files.length]!
  const copy = Uint8Array.from(bytes.subarray(0, Math.ceil((bytes.length * (input[1]! + 1)) / 256)))
  const changes = changesOf(input)
  for (const change of changes) if (change.how !== HOW.unpacked) apply(change, copy)
  const inside = changes.filter(({ how }) => how === HOW.unpacked)
  let unpacked = 0
  const source: ByteSource = { size: copy.length, read: (offset, length) => Promise.resolve(copy.subarray(offset, offset + length)) }
  const unpack: Decompress = (algorithm, packed, length) => {
    const out = Uint8Array.from(decompress(algorithm, packed, length))
    const n = unpacked++
    for (const change of inside)
      if (change.value % 16 === n % 16 && out.length > 0) apply({ ...change, how: HOW.set, value: change.value >> 4 }, out)
    // Most of what is unpacked are pages; with all of them an input would take seconds.
    return n > PAGES_MAX * 4 + 16 && out.length % 4096 === 0 ? out.fill(0) : out
  }
  await imported({ trace: datReader(source, unpack), name: 'fuzzed', kprobeEvents })
}

const seeds: Bytes[] = files.flatMap((_, file) => [
  Uint8Array.of(file, 255),
  Uint8Array.of(file, 180, 0, 1, 0, HOW.flip, 3, 0),
  Uint8Array.of(file, 255, 9, 0, 1, HOW.unpacked, 0x32, 0x10),
  Uint8Array.of(file, 255, 0, 16, 9, HOW.zeros, 0, 4),
])

export const damageTarget: Target = {
  name: 'damage',
  seeds,
  bytesMax: HEAD_BYTES + 24 * CHANGE_BYTES,
  budget: { steps: 400_000_000, bytes: 1 << 30 },
  run,
}
