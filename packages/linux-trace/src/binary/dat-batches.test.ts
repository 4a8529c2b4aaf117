import { deflateSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Row, RowTables } from '../entries/row.ts'
import { KeptReader } from '../entries/kept.ts'
import { RecordingError } from '../errors.ts'
import { decompress } from '../node/file-source.ts'
import { newSummary, type TraceSummary } from '../text/summary.ts'
import { DatBatches } from './dat-batches.ts'
import { readDatFile } from './read-dat-file.ts'
import { CONTENT, layouts, lookup, probe, sourceOf, writeDat, type Content, type Layout, type Sample } from './dat.test-support.ts'

const datOf = (layout: Layout, content: Content): Uint8Array =>
  writeDat(layout, content, (algorithm, bytes) => (algorithm === 'zstd' ? zstdCompressSync(bytes) : deflateSync(bytes)))

/** What a file says: entries as tracefs would print them, gaps, entries without effect. */
async function read(bytes: Uint8Array): Promise<{ told: string[]; kept: unknown[]; summary: TraceSummary }> {
  const source = sourceOf(bytes)
  const summary = newSummary()
  const file = await readDatFile(source, decompress)
  const tables = new RowTables()
  const row = new Row(tables)
  const told: string[] = []
  const kept: unknown[] = []
  const reader = new KeptReader()
  for await (const batch of new DatBatches(source, decompress, file, summary, new Map()).read()) {
    tables.add(batch)
    for (let i = 0; i < batch.rows; i++) {
      const item = batch.item[i]! < 0 ? null : batch.items[batch.item[i]!]!
      if (item?.kind === 'gap') told.push(`${item.reason} ${item.lost} ${item.cpu}`)
      else if (item?.kind === 'blind') told.push(`blind ${item.cpu}`)
      else {
        const e = item === null ? row.turnTo(batch, i) : item.entry
        told.push(`${e.number} ${e.comm}-${e.pid} [${e.cpu}] ${e.context} ${e.time} ${e.event}: ${e.body}`)
      }
    }
    kept.push(...reader.read(batch.kept))
  }
  return { told, kept, summary }
}

const TOLD = [
  '1 my task-7 [0] ...1. 5000000000 lookup: (get_dev_pagemap+0x10/0x100) pfn=0x123456 small=-5',
  '2 pin-9 [1] ...1. 5000000000 lookup: (get_dev_pagemap+0x10/0x100) pfn=0x0 small=7',
  '3 my task-7 [0] d.... 5000000900 lookup_ret: (caller+0x4/0x40 [mod] <- get_dev_pagemap) pgmap=0xff11000000000010',
  '4 pin-9 [1] ...1. 5000000901 lookup: (get_dev_pagemap+0x10/0x100) pfn=0xffffffffffffffff small=0',
  'blind 0',
  'lost 12 0',
  '6 <idle>-0 [0] ..... 6000000000 probe: (caller+0x0/0x40 [mod]) dev="pfn0.0"',
]

describe.each(layouts)('little-endian $little, longs of $longBytes bytes, version $version, compression $algorithm', (layout) => {
  it('tells what was recorded, in the order of its times', async () => {
    const { told, kept, summary } = await read(datOf(layout, CONTENT))
    expect(told).toEqual(TOLD)
    expect(kept).toMatchObject([{ entry: 5, comm: 'my task', pid: 7, cpu: 0, time: 5_000_001_000, event: 'odd' }])
    expect(summary).toMatchObject({ entries: 6, inBuffer: null, lateCpus: [], first: { cpu: 0 }, backwards: 0 })
  })
})

const first = layouts[0]!

/** Counts of the kernel, of one CPU. */
const counts = (cpu: number, { overrun = 0, commit = 0, dropped = 0, read = 0 }): string =>
  `CPU: ${cpu}\nentries: 0\noverrun: ${overrun}\ncommit overrun: ${commit}\nbytes: 0\ndropped events: ${dropped}\nread events: ${read}\n`
const [of0, of1] = CONTENT.cpus as [Content['cpus'][number], Content['cpus'][number]]
const [page0, ...pages0] = of0

it('tells what was overwritten before the first record, and where the buffers of other CPUs begin', async () => {
  const stats = [counts(0, { overrun: 102, read: 4 }), counts(1, { read: 2 })]
  const { told, summary } = await read(datOf(first, { ...CONTENT, cpus: [[{ ...page0!, missed: 90 }, ...pages0], of1], stats }))
  expect(summary).toMatchObject({ inBuffer: 6, written: 108, uname: 'Linux x 6.1.0-1 x86_64', lateCpus: [0, 1] })
  expect(summary.notes).toEqual(['of the entries of CPU 0: 102 overwritten'])
  expect(told).toEqual(['overwritten 90 null', TOLD[0], 'overwritten null 1', ...TOLD.slice(1)])
})

it('what was overwritten while it was read is told where it is missing, once', async () => {
  const stats = [counts(0, { overrun: 12, read: 4 }), counts(1, { read: 2 })]
  const { told, summary } = await read(datOf(first, { ...CONTENT, stats }))
  expect(summary).toMatchObject({ inBuffer: 6, written: 18, lateCpus: [] })
  expect(told).toEqual(TOLD)
})

it.each([
  ['dropped', { dropped: 3 }],
  ['not written by interrupts', { commit: 3 }],
  ['overwritten without a mark', { overrun: 15 }],
])('what was %s is missing anywhere', async (_, lost) => {
  const { told } = await read(datOf(first, { ...CONTENT, stats: [counts(0, { ...lost, read: 4 }), counts(1, { read: 2 })] }))
  expect(told).toEqual(['blind null', ...TOLD])
})

/** The same a moment later, as another instance writes it. */
const later = (by: number, cpus: Content['cpus']): Content['cpus'] =>
  cpus.map((pages) => pages.map((page) => ({ ...page, samples: page.samples.map((s) => ({ ...s, time: s.time + by })) })))

const both = async (top: readonly Sample[], other: readonly Sample[]): Promise<string[]> =>
  (await read(datOf(first, { cpus: [[{ samples: top }]], instances: [{ name: 'other', cpus: [[{ samples: other }]] }] }))).told.map(
    (line) =>
      line
        .replace(/^\d+ <...>-/, '')
        .replace(/ \[0\] ...1. /, ' ')
        .replace(/ lookup.*pfn=(\w+) .*/, ' $1'),
  )

const named = (time: number, garbage: number): Sample => ({
  ...probe(time, 7, 'pfn0.0'),
  data: (w) => {
    probe(time, 7, 'pfn0.0').data(w)
    w.u8(garbage).u8(garbage).u8(garbage)
  },
})

describe('several buffers', () => {
  const two = layouts.filter(({ algorithm }) => algorithm !== 'zlib')
  const whole: Content['cpus'] = [[page0!, ...pages0.map(({ samples }) => ({ samples }))], of1]
  const TOLD_WHOLE = TOLD.filter((line) => /^\d/.test(line))

  it.each(two)('$longBytes bytes, version $version: an event of both is told once', async (layout) => {
    const stats = [counts(0, { read: 4 }), counts(1, { read: 2 }), '\nBuffer: other\n\n', counts(0, { read: 4 }), counts(1, { read: 2 })]
    for (const by of [0, 1, 80]) {
      const content = { ...CONTENT, cpus: whole, instances: [{ name: 'other', cpus: later(by, whole) }], stats }
      const { told, kept, summary } = await read(datOf(layout, content))
      expect(told).toEqual(TOLD_WHOLE)
      expect(kept).toHaveLength(1)
      expect(summary).toMatchObject({ entries: 6, inBuffer: 6, written: 6 })
      expect(summary.notes).toEqual([
        'put together by their times: the buffers of the top, "other"; 6 entries that several of them hold are told once',
      ])
    }
  })

  it('what the kernel left between the fields says nothing', async () => {
    expect(await both([named(10, 1)], [named(11, 0xff)])).toHaveLength(1)
  })

  it('what happens twice is told twice, also where nothing but the time tells it apart', async () => {
    const again = [10, 20, 30].map((time) => lookup(time, 7, 1n, 1))
    expect(
      await both(
        again,
        again.map((s) => ({ ...s, time: s.time + 3 })),
      ),
    ).toEqual(['7 10 0x1', '7 20 0x1', '7 30 0x1'])
    const atOnce = [10, 10, 10].map((time) => lookup(time, 7, 1n, 1))
    expect(await both(atOnce, atOnce)).toEqual(['7 10 0x1', '7 10 0x1', '7 10 0x1'])
  })

  it('what only one of them has is told, in order', async () => {
    const [a, b, c] = [lookup(10, 7, 1n, 1), lookup(20, 7, 2n, 1), lookup(30, 7, 3n, 1)]
    expect(
      await both(
        [a, c],
        [
          { ...b, time: 21 },
          { ...c, time: 31 },
        ],
      ),
    ).toEqual(['7 10 0x1', '7 21 0x2', '7 30 0x3'])
  })

  it('an interrupt between the two does not part them, whatever it records', async () => {
    const task = lookup(10, 7, 1n, 1)
    const irq: Sample = { ...lookup(12, 7, 2n, 1), flags: 8 }
    expect(
      await both(
        [task, irq],
        [
          { ...irq, time: 13 },
          { ...task, time: 20 },
        ],
      ),
    ).toHaveLength(2)
  })

  it('the same of another task, or much later, is another event', async () => {
    expect(await both([lookup(10, 7, 1n, 1)], [lookup(11, 8, 1n, 1)])).toHaveLength(2)
    expect(await both([lookup(10, 7, 1n, 1), lookup(15, 7, 2n, 1)], [lookup(20, 7, 1n, 1)])).toHaveLength(3)
  })

  it('those of another clock are left out, and what they hold is unknown', async () => {
    const { told, summary } = await read(
      datOf(layouts[1]!, { ...CONTENT, instances: [{ name: 'other', clock: 'boot', cpus: [[{ samples: [lookup(1, 7, 1n, 1)] }]] }] }),
    )
    expect(told).toEqual(['blind null', ...TOLD])
    expect(summary.clock).toBe('mono')
    expect(summary.notes[0]).toContain('the buffer "other" has the clock boot, and the others have mono')
  })
})

it('a record of an event that has no format is a gap', async () => {
  const unknown: Sample = { time: 1, id: 77, pid: 1, data: (w) => w.u32(0) }
  const { told, summary } = await read(datOf(first, { cpus: [[{ samples: [unknown, lookup(2, 7, 1n, 1)] }]] }))
  expect(told).toHaveLength(2)
  expect(told[0]).toBe('unreadable 1 0')
  expect(summary).toMatchObject({ unparsed: 1, entries: 1 })
})

it('an empty trace is one in which nothing happened', async () => {
  expect((await read(datOf(first, { cpus: [[], []] }))).summary).toMatchObject({ entries: 0, inBuffer: 0 })
})

it('times far apart are told by what extends them', async () => {
  const { told } = await read(datOf(first, { cpus: [[{ samples: [lookup(1, 7, 1n, 1), lookup(90_000_000_000, 7, 1n, 1)] }]] }))
  expect(told[1]).toContain(' 90000000000 ')
})

/** Whether it is refused as a damaged trace.dat, or what is left is told with gaps. @throws what else goes wrong */
async function survives(bytes: Uint8Array): Promise<boolean> {
  try {
    await read(bytes)
    return true
  } catch (error) {
    return error instanceof RecordingError && error.message.includes('trace.dat')
  }
}

describe('what is damaged', () => {
  const whole = layouts.map((layout) => datOf(layout, CONTENT))
  it('cut anywhere is refused with the place, or is whole', async () => {
    for (const bytes of whole.slice(0, 4)) {
      for (let length = 0; length < bytes.length; length += 1 + (length >> 6)) expect(await survives(bytes.subarray(0, length))).toBe(true)
    }
  })

  it('with bytes changed anywhere is refused with the place, or read with gaps', async () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      to: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
    })
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.array(change, { minLength: 1, maxLength: 6 }), async (n, changes) => {
        const bytes = whole[n]!.slice()
        for (const { at, to } of changes) bytes[Math.floor(at * bytes.length)] = to
        expect(await survives(bytes)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('a real one with bytes changed is refused with the place, or read with gaps', async () => {
    const real = readFileSync(join(import.meta.dirname, '../../../../recordings/linux-6.1/fsdax-gup-overwritten/trace.dat'))
    const at = fc.oneof(fc.nat(90_000), fc.integer({ min: real.length - 26_000, max: real.length - 1 }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 3 }), async (changes) => {
        const bytes = Uint8Array.from(real)
        for (const [place, to] of changes) bytes[place] = to
        expect(await survives(bytes)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })
})

it('the clock of a machine up for years is read to the nanosecond, from an epoch that all CPUs have', async () => {
  const years = 99_999_999_000_000_000
  const { told, summary } = await read(
    datOf(first, { cpus: [[{ samples: [lookup(years + 16, 7, 1n, 1)] }], [{ samples: [lookup(years, 9, 1n, 1)] }]] }),
  )
  expect(told.map((line) => line.split(' ')[1])).toEqual(['<...>-9', '<...>-7'])
  expect(summary).toMatchObject({ entries: 2, epoch: 99_000_000, first: { time: 999_999_000_000_000 }, lastTime: 999_999_000_000_016 })
})

it('a time past what a log can hold is damage', async () => {
  const { told, summary } = await read(
    datOf(first, { cpus: [[{ samples: [lookup(2 ** 61 + 2 ** 20, 7, 1n, 1)] }], [{ samples: [lookup(5, 9, 1n, 1)] }]] }),
  )
  expect(told.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual(['blind 0', 'unreadable null 0', '1 <...>-9 [1]'])
  expect(summary).toMatchObject({ entries: 1, unparsed: 1 })
})

it('a pid that none can have is damage', async () => {
  const { told } = await read(datOf(first, { cpus: [[{ samples: [lookup(5, -16_777_207, 1n, 1), lookup(6, 9, 1n, 1)] }]] }))
  expect(told.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['unreadable 1', '1 <...>-9'])
})
