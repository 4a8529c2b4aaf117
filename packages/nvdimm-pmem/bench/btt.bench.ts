/** Sectors of 4 KiB over 64 MiB, beside a plain copy of as many to places as random, which is atomic in no way. */
import { timedBench, type Bench, type Work } from '@devtrail/bench'
import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import { Btt, MemoryMedium } from '../src/btt/index.ts'

const BYTES = 64 << 20
const SECTOR = 4096
/** Sectors of a run. */
const SECTORS = 2000

/** Sectors in an order of no kind, the same for all sides. */
function places(count: number): () => number {
  let n = 1
  return () => (n = (n * 48_271) % 2_147_483_647) % count
}

function copying(): Work {
  const to = new Uint8Array(BYTES)
  const data = new Uint8Array(SECTOR).fill(7)
  const next = places(BYTES / SECTOR - 256)
  return {
    run: () => {
      for (let i = 0; i < SECTORS; i++) to.set(data, next() * SECTOR)
      return to.includes(7) ? SECTORS : 0
    },
  }
}

function writing(events: Emitter | null): Work {
  const medium = new MemoryMedium(new Uint8Array(BYTES))
  const options = events === null ? {} : { events: { emitter: events } }
  const btt = Btt.create(medium, { uuid: '00112233-4455-6677-8899-aabbccddeeff', sectorSize: SECTOR }, options)
  const data = new Uint8Array(SECTOR).fill(7)
  const next = places(btt.sectorCount)
  return {
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
    setUp: () => null,
    ours: () => writing(null),
    peers: [{ name: COPY, goal: 0.85, work: copying }],
  }),
  timedBench({
    name: 'nvdimm-pmem/btt-write-told',
    about: 'the same with an event for each sector',
    unit: 'sector',
    setUp: () => null,
    ours: () => {
      let told = 0
      return writing(new Emitter(new ManualClock(), (event: AnyEvent) => (told += event.seq)))
    },
    peers: [
      { name: 'the same with nobody listening', goal: 0.87, goalText: 'at most 1.15 times', work: () => writing(null) },
      { name: COPY, work: copying },
    ],
  }),
]
