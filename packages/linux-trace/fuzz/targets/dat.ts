/** Small trace.dat files of every byte order, long size, version and compression. */
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { mutated, type Bytes, type Target } from '@devtrail/fuzz'
import { CONTENT, layouts, sourceOf, writeDat } from '../../src/binary/dat.test-support.ts'
import { datReader } from '../dat-reader.ts'
import { imported } from '../imports.ts'

const seeds = layouts.map((layout) =>
  writeDat(layout, CONTENT, (algorithm, bytes) => (algorithm === 'zstd' ? zstdCompressSync(bytes) : deflateSync(bytes))).slice(),
)

const encoder = new TextEncoder()
const tokens = [
  'field:__data_loc char[] dev;\toffset:16;\tsize:4;\tsigned:1;\n',
  'size:8;',
  'offset:65535;',
  'kprobes\0',
  'mono\0',
  'zlib\0',
].map((token) => encoder.encode(token))

export const datTarget: Target = {
  name: 'dat',
  seeds,
  bytesMax: 96 * 1024,
  budget: { steps: 60_000_000, bytes: 192 << 20 },
  mutate: (input, random, other) => mutated(input, random, other, tokens),
  run: async (input: Bytes) => void (await imported({ trace: datReader(sourceOf(input)), name: 'fuzzed' })),
}
