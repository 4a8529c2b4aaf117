import { timedBench, type Bench } from '@devtrail/bench'
import { fletcher64 } from '../src/media/fletcher64.ts'

const BYTES = 64 << 20
const BLOCK = 4096

/** Fletcher64 as it is usually written in JavaScript: bigints. */
function inBigints(block: DataView): bigint {
  let lo = 0n
  let hi = 0n
  for (let at = 0; at < block.byteLength; at += 4) {
    lo = BigInt.asUintN(32, lo + BigInt(block.getUint32(at, true)))
    hi = BigInt.asUintN(32, hi + lo)
  }
  return (hi << 32n) | lo
}

/** Blocks of one buffer. */
function filled(): readonly Uint8Array[] {
  const bytes = new Uint8Array(BYTES)
  for (let i = 0; i < BYTES; i++) bytes[i] = (i * 2_654_435_761) >>> 13
  return Array.from({ length: BYTES / BLOCK }, (_, i) => bytes.subarray(i * BLOCK, (i + 1) * BLOCK))
}

export const benches: readonly Bench[] = [
  timedBench({
    name: 'nvdimm-pmem/fletcher64',
    about: 'the checksum of 64 MiB in blocks of 4 KiB',
    unit: 'byte',
    setUp: filled,
    ours: (blocks) => ({
      run: () => {
        let sum = 0n
        for (const block of blocks) sum ^= fletcher64(block)
        return sum === 0n ? 0 : BYTES
      },
    }),
    peers: [
      {
        name: 'memcpy of the same',
        goal: 0.6,
        work: (blocks) => {
          const to = new Uint8Array(BYTES)
          return {
            run: () => {
              for (let i = 0; i < blocks.length; i++) to.set(blocks[i]!, i * BLOCK)
              return to.length
            },
          }
        },
      },
      {
        name: 'bigints',
        goal: 15,
        work: (blocks) => ({
          run: () => {
            let sum = 0n
            const some = blocks.slice(0, blocks.length / 64)
            for (const block of some) sum ^= inBigints(new DataView(block.buffer, block.byteOffset, BLOCK))
            return sum === 0n ? 0 : some.length * BLOCK
          },
        }),
      },
    ],
  }),
]
