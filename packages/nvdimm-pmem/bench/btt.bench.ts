/**
 * Sectors of 4 KiB over 64 MiB, beside a plain copy of as many to places as random, which is atomic in no way. All sides copy the same bytes to the same
 * memory, the blocks of one BTT: where memory happens to lie makes more of a difference than what is measured.
 */
import { timedBench, type Bench, type Work } from '@devtrail/bench'
import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import { Btt, MemoryMedium } from '../src/btt/index.ts'

const BYTES = 64 << 20
const SECTOR = 4096
/** Sectors of a run. */
const SECTORS = 2000

interface Shared {
  readonly btt: Btt
  readonly emitter: Emitter
  /** Its blocks, from the first sector's on. */
  readonly blocks: Uint8Array
  readonly data: Uint8Array
}

function made(): Shared {
  const memory = new Uint8Array(BYTES)
  const emitter = new Emitter(new ManualClock())
  const format = { uuid: '00112233-4455-6677-8899-aabbccddeeff', sectorSize: SECTOR }
  const btt = Btt.create(new MemoryMedium(memory), format, { events: { emitter } })
  return { btt, emitter, blocks: memory.subarray(btt.arenas[0]!.dataAt(0)), data: new Uint8Array(SECTOR).fill(7) }
}

/** Sectors in an order of no kind, the same for all sides. */
function places(count: number): () => number {
  let n = 1
  return () => (n = (n * 48_271) % 2_147_483_647) % count
}

function copying({ btt, blocks, data }: Shared): Work {
  const next = places(btt.sectorCount)
  return {
    run: () => {
      for (let i = 0; i < SECTORS; i++) blocks.set(data, next() * SECTOR)
      return blocks.includes(7) ? SECTORS : 0
    },
  }
}

function writing({ btt, emitter, data }: Shared, listener: ((event: AnyEvent) => void) | null): Work {
  const next = places(btt.sectorCount)
  return {
    before: () => void (emitter.sink = listener),
    run: () => {
      for (let i = 0; i < SECTORS; i++) if (btt.write(next(), data) !== 0) return 0
      return SECTORS
    },
  }
}

const COPY = 'a plain copy to random sectors'

export const benches: readonly Bench[] = [
  timedBench({
    name: 'nvdimm-pmem/btt-write',
    about: 'power-fail-atomic writes of 4 KiB sectors in memory, nobody listening',
    unit: 'sector',
    setUp: made,
    ours: (shared) => writing(shared, null),
    peers: [{ name: COPY, goal: 0.85, work: copying }],
  }),
  timedBench({
    name: 'nvdimm-pmem/btt-write-told',
    about: 'the same with an event for each sector',
    unit: 'sector',
    setUp: made,
    ours: (shared) => {
      let told = 0
      return writing(shared, ({ seq }) => (told ^= seq))
    },
    peers: [
      { name: 'the same with nobody listening', goal: 0.87, goalText: 'at most 1.15 times', work: (shared) => writing(shared, null) },
      { name: COPY, work: copying },
    ],
  }),
]
