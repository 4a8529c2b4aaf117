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

function filled(): Uint8Array {
  const bytes = new Uint8Array(BYTES)
  for (let i = 0; i < BYTES; i++) bytes[i] = (i * 2_654_435_761) >>> 13
  return bytes
}

export const benches: readonly Bench[] = [
  timedBench({
    name: 'nvdimm-pmem/fletcher64',
    about: 'the checksum of 64 MiB in blocks of 4 KiB',
    unit: 'byte',
    setUp: filled,
    ours: (bytes) => ({
      run: () => {
        let sum = 0n
        for (let at = 0; at < BYTES; at += BLOCK) sum ^= fletcher64(bytes.subarray(at, at + BLOCK))
        return sum === 0n ? 0 : BYTES
      },
    }),
    peers: [
      {
        name: 'memcpy of the same',
        goal: 0.6,
        work: (bytes) => {
          const to = new Uint8Array(BYTES)
          return {
            run: () => {
              for (let at = 0; at < BYTES; at += BLOCK) to.set(bytes.subarray(at, at + BLOCK), at)
              return to.length
            },
          }
        },
      },
      {
        name: 'bigints',
        goal: 15,
        work: (bytes) => ({
          run: () => {
            let sum = 0n
            for (let at = 0; at < BYTES / 64; at += BLOCK) sum ^= inBigints(new DataView(bytes.buffer, at, BLOCK))
            return sum === 0n ? 0 : BYTES / 64
          },
        }),
      },
    ],
  }),
]
