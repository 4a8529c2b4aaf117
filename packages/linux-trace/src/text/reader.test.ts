import { seconds } from '@devtrail/events'
import { describe, expect, it } from 'vitest'
import { RecordingError } from '../errors.ts'
import { readLines } from './lines.ts'
import { LineReader, mustBeTrace, type TraceItem } from './reader.ts'
import { newSummary, type TraceSummary } from './summary.ts'

const header = (inBuffer: number, written = inBuffer): string =>
  `# tracer: nop\n#\n# entries-in-buffer/entries-written: ${inBuffer}/${written}   #P:2\n#\n`
const entry = (body: string, second = 1, cpu = 0): string => `   sh-102   [00${cpu}] .....   ${second}.000001: ${body}\n`

async function read(text: string | Uint8Array): Promise<{ items: TraceItem[]; summary: TraceSummary; told: string[] }> {
  const summary = newSummary()
  const items: TraceItem[] = []
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield typeof text === 'string' ? new TextEncoder().encode(text) : text
  }
  const lines = new LineReader(summary, (item) => items.push(item))
  for await (const some of readLines(bytes())) for (const line of some) lines.take(line)
  lines.end()
  mustBeTrace(summary)
  const told = items.map((i) =>
    i.kind === 'entry'
      ? `${i.entry.number} ${i.entry.event} ${i.entry.body}`
      : i.kind === 'blind'
        ? `blind ${i.cpu}`
        : `${i.reason} ${i.lost} ${i.cpu}`,
  )
  return { items, summary, told }
}

describe('the header', () => {
  it('tells how many entries there are and how many CPUs', async () => {
    const { summary, told } = await read(header(1) + entry('a: x'))
    expect(summary).toMatchObject({ entries: 1, inBuffer: 1, written: 1, cpus: 2, unparsed: 0 })
    expect(told).toEqual(['1 a x'])
  })

  it('that counts more written than held begins with a gap', async () => {
    expect((await read(header(1, 8) + entry('a: x'))).told).toEqual(['overwritten 7 null', '1 a x'])
  })

  it('of an empty trace is enough: nothing happened', async () => {
    const { summary, told } = await read(header(0))
    expect(told).toEqual([])
    expect(summary.inBuffer).toBe(0)
  })

  it('may be missing', async () => {
    const { summary } = await read(entry('a: x'))
    expect(summary).toMatchObject({ entries: 1, inBuffer: null, written: null, cpus: null })
  })
})

describe('entries', () => {
  it('know their number, and the line of the file they begin at', async () => {
    const { items } = await read(header(2) + entry('a: x') + entry('b: y'))
    expect(items.map((i) => i.kind === 'entry' && [i.entry.number, i.entry.line])).toEqual([
      [1, 5],
      [2, 6],
    ])
  })

  it('of CRLF files are the same', async () => {
    const text = header(2) + entry('a: x') + entry('console: one') + 'two\n'
    expect((await read(text.replaceAll('\n', '\r\n'))).told).toEqual((await read(text)).told)
  })
})

const started = (cpu: number): string => `##### CPU ${cpu} buffer started ####\n`

describe('entries that are missing', () => {
  it('LOST lines are gaps, with a count and a CPU where they say one', async () => {
    const { told, summary } = await read(entry('a: x') + 'CPU:1 [LOST 12 EVENTS]\n' + entry('b: y', 2) + 'CPU:0 [LOST EVENTS]\n')
    expect(told).toEqual(['1 a x', 'lost 12 1', '2 b y', 'lost null 0'])
    expect(summary.unparsed).toBe(0)
  })

  it('a buffer that starts later than the first entry is a gap; the first one is none', async () => {
    expect((await read(started(1) + entry('a: x') + started(0) + entry('b: y', 2))).told).toEqual(['1 a x', 'overwritten null 0', '2 b y'])
  })
})

describe('entries of several lines', () => {
  it('are continued for what the kernel prints with line breaks', async () => {
    const { told } = await read(entry('console: one') + 'two\n\n# three\n' + entry('tracing_mark_write: a', 2) + 'b\n' + entry('x: y', 3))
    expect(told).toEqual(['1 console one\ntwo\n\n# three', '2 tracing_mark_write a\nb', '3 x y'])
  })

  it('are not continued over entries that are missing', async () => {
    expect((await read(entry('console: one') + 'CPU:0 [LOST 1 EVENTS]\nrest\n')).told).toEqual([
      '1 console one',
      'lost 1 0',
      'unreadable 1 null',
    ])
  })

  it('are not made of any other event', async () => {
    const { told, summary } = await read(entry('ev: one') + 'two\n')
    expect(told).toEqual(['1 ev one', 'unreadable 1 null'])
    expect(summary.unreadable).toEqual(['line 2: "two"'])
  })
})

describe('what cannot be read', () => {
  it('is a gap each, counted, the first of them named by line with an excerpt', async () => {
    const { told, summary } = await read(entry('a: x') + `${'z'.repeat(200)}\n`.repeat(7) + entry('b: y', 2))
    expect(told).toEqual(['1 a x', ...Array.from({ length: 7 }, () => 'unreadable 1 null'), '2 b y'])
    expect(summary.unparsed).toBe(7)
    expect(summary.unreadable).toHaveLength(5)
    expect(summary.unreadable[0]).toBe(`line 2: "${'z'.repeat(80)}…"`)
  })

  it('a line that is too long is one, also inside an entry of several lines', async () => {
    const { told, summary } = await read(entry('console: one') + `${'z'.repeat((1 << 20) + 1)}\n` + entry('b: y', 2))
    expect(told).toEqual(['1 console one', 'unreadable 1 null', '2 b y'])
    expect(summary.unreadable).toEqual(['line 2: a line longer than 1048576 bytes'])
  })

  it('the clock of a machine up for years is read to the microsecond', async () => {
    const { items, summary } = await read(entry('a: x', 99_999_999))
    expect(items.map((item) => item.kind === 'entry' && seconds(item.entry.time))).toEqual(['999999.000001'])
    expect(summary.epoch).toBe(99_000_000)
  })

  it('the clock tai is read to the microsecond, and what stands before its first entry, too', async () => {
    const { items, summary } = await read(entry('a: x', 1_796_063_721) + entry('b: y', 1_796_063_720))
    expect(items.map((item) => item.kind === 'entry' && item.entry.time)).toEqual([63_721_000_001_000, 63_720_000_001_000])
    expect(summary).toMatchObject({ epoch: 1_796_000_000, backwards: 1 })
  })

  it('a counter is read to the tick', async () => {
    const { items, summary } = await read(entry('a: x').replace('1.000001', '1000000000000000001'))
    expect(items.map((item) => item.kind === 'entry' && item.entry.time)).toEqual([1_000_000_000_000_001])
    expect(summary).toMatchObject({ epoch: 999_000_000, ticks: true })
  })

  it('a time that is far from the others is no entry', async () => {
    const { told } = await read(entry('a: x') + entry('b: y', 99_999_999) + entry('c: z', 2))
    expect(told).toEqual(['1 a x', 'unreadable 1 null', '2 c z'])
  })

  it('blank lines are nothing', async () => {
    const { told, summary } = await read(entry('a: x') + '\n   \n' + entry('b: y', 2))
    expect(told).toEqual(['1 a x', '2 b y'])
    expect(summary.unparsed).toBe(0)
  })
})

describe('what is no trace at all is refused', () => {
  it('one printed with an option that leaves out what is needed, though it has a header', async () => {
    await expect(read(header(2) + '116 0 64255439645 type: 1796\n116 0 64255459165 type: 1797\n')).rejects.toThrow(
      /none of its 2 lines is an entry; line 5: .*options latency-format, raw, hex/,
    )
  })

  it('an empty one, with what may have happened', async () => {
    await expect(read('')).rejects.toThrow(RecordingError)
    await expect(read('\n\n')).rejects.toThrow('the trace is empty: expected the text of tracefs')
  })

  it('text without an entry, with its first line and what was expected', async () => {
    await expect(read('hello\nworld\n')).rejects.toThrow(
      'this is not a text trace: none of its 2 lines is an entry; line 1: "hello"; expected lines like',
    )
  })

  it('binary data', async () => {
    await expect(read(new Uint8Array(4096).map((_, i) => (i * 37) % 256))).rejects.toThrow('this is not a text trace')
  })
})

it('what trace-cmd report prints is read too, as far as it goes', async () => {
  const { told, summary } = await read(
    'cpus=2\n              sh-133   [000]    18.236408: grab:                 (ffffffff8dec40a0) page=0x1\n',
  )
  expect(told).toEqual(['1 grab (ffffffff8dec40a0) page=0x1'])
  expect(summary.unparsed).toBe(0)
})

it('a header with counts that no buffer can have had says nothing', async () => {
  const { summary } = await read(`# entries-in-buffer/entries-written: 1/28184467440737094000000   #P:2\n${entry('ev: x')}`)
  expect(summary).toMatchObject({ inBuffer: null, written: null, entries: 1 })
})

describe('what trace-cmd report prints of several buffers', () => {
  it('is refused: each event stands in it more than once', async () => {
    const line = '            sh-275   [001]   136.432446: a: x\n'
    await expect(read(`cpus=2\n${line}two:   ${line}`)).rejects.toThrow('line 3 is of the buffer "two"')
    await expect(read(`cpus=2\n${line}two:   ${line}`)).rejects.toThrow(RecordingError)
  })

  it('is not what a task with a colon in its name looks like', async () => {
    expect(
      (await read(entry('a: x').replace('sh-102', 'kworker/u4:3-102') + entry('a: x').replace('sh-102', 'a:  b c-102'))).items,
    ).toHaveLength(2)
  })
})

const counts = (n: number): string => `# entries-in-buffer/entries-written: ${n}/${n}   #P:2\n`

describe('traces one behind the other', () => {
  const mark = (text: string): string => entry(`tracing_mark_write: ${text}`)

  it.each<[what: string, text: string, told: string[], counted: Partial<TraceSummary>]>([
    ['header before header', header(1) + entry('a: x') + header(1) + entry('b: y'), ['1 a x', 'lost null null', '2 b y'], { inBuffer: 2 }],
    ['the first cut', header(3) + entry('a: x') + counts(2) + entry('b: y'), ['1 a x', 'lost null null', '2 b y'], { inBuffer: 3 }],
    ['headers at the ends', entry('a: x') + counts(1) + entry('b: y') + counts(1), ['1 a x', 'lost null null', '2 b y'], { inBuffer: 2 }],
    ['the second without a header', entry('a: x') + counts(1) + entry('b: y'), ['1 a x', 'lost null null', '2 b y'], { isUncounted: true }],
    [
      'the second overwritten',
      header(1) + entry('a: x') + header(1, 5) + entry('b: y'),
      ['1 a x', 'lost null null', 'blind null', '2 b y'],
      { inBuffer: 2, written: 2 },
    ],
    [
      'the first ends in a mark',
      header(2) + entry('a: x') + mark('m') + header(1) + entry('b: y'),
      ['1 a x', expect.stringMatching('2 tracing_mark_write m'), 'lost null null', '3 b y'],
      {},
    ],
    ['the second is empty', header(1) + entry('a: x') + header(0), ['1 a x'], { inBuffer: 1 }],
  ])('%s: a gap where the next one begins, and counts of each', async (_, text, told, counted) => {
    const read1 = await read(text)
    expect(read1.told).toEqual(told)
    expect(read1.summary).toMatchObject(counted)
  })

  it('are told of, with what the first lacks', async () => {
    expect((await read(header(3) + entry('a: x') + counts(2) + entry('b: y'))).summary.notes).toEqual([
      'another trace begins behind entry 1 (line 7), perhaps of another boot: what happened between is not recorded; of those before it 2 that its header announces are not there',
    ])
  })

  it('a mark of user space that looks like a header counts nothing', async () => {
    const { told, summary } = await read(header(3) + mark(`a\n${counts(9).trim()}`) + entry('b: y') + entry('c: z'))
    expect(told).toEqual(['1 tracing_mark_write a\n# entries-in-buffer/entries-written: 9/9   #P:2', '2 b y', '3 c z'])
    expect(summary).toMatchObject({ inBuffer: 3, written: 3, notes: [] })
    expect((await read(mark(`a\n${counts(9).trim()}`) + entry('b: y'))).summary.inBuffer).toBeNull()
  })

  it('a header behind a mark that comes last is one', async () => {
    const { told, summary } = await read(entry('a: x') + mark('m') + counts(5))
    expect(told).toEqual(['1 a x', '2 tracing_mark_write m'])
    expect(summary).toMatchObject({ inBuffer: 5 })
  })
})

describe('a stack', () => {
  const stack = entry('<stack trace>') + ' => nd_pmem_remove\n => nvdimm_bus_remove <ffffffffc068af69>\n'

  it('is one entry of all its lines', async () => {
    const { summary, told } = await read(header(3) + entry('a: x') + stack + entry('b: y'))
    expect(told).toEqual(['1 a x', '2 kernel_stack \n => nd_pmem_remove\n => nvdimm_bus_remove <ffffffffc068af69>', '3 b y'])
    expect(summary).toMatchObject({ entries: 3, unparsed: 0 })
  })

  it('does not go on with a line that is damaged', async () => {
    const { summary, told } = await read(header(3) + entry('a: x') + stack + 'sh-102 [0\n' + entry('b: y'))
    expect(told.slice(2)).toEqual(['unreadable 1 null', '3 b y'])
    expect(summary.unparsed).toBe(1)
  })
})
