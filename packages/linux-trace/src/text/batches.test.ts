/** The fast reading of lines tells what the slow one does: of every recording, of changed ones, in pieces of any size. */
import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Row, RowTables } from '../entries/row.ts'
import { KeptReader } from '../entries/kept.ts'
import type { EntryBatch } from '../entries/batch.ts'
import { parseHit, parseProbeDefinitions, type ProbeDefinition } from '../probes.ts'
import type { Fields } from '../probe-hit.ts'
import { readTextBatches } from './batches.ts'
import type { TraceEntry } from './entry.ts'
import { readLines } from './lines.ts'
import { LineReader, mustBeTrace } from './reader.ts'
import { newSummary } from './summary.ts'

const RECORDINGS = join(import.meta.dirname, '../../../../recordings/linux-6.1')

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const NAMES = ['page', 'pfn', 'ret', 'pgmap', 'refcount', 'flags', 'count', 'name', 'nothing']
/** All that can be asked of fields. */
const asked = (f: Fields): unknown =>
  NAMES.map((name) => [f.has(name), f.get(name), f.u64(name), f.int(name), f.pointer(name), f.string(name)])

function told(entry: TraceEntry, definitions: ReadonlyMap<string, ProbeDefinition>): unknown {
  const { number, line, comm, pid, cpu, context, time, event, body } = entry
  const hit = entry instanceof Row ? entry : parseHit(event, body, definitions)
  const what = hit === null ? null : [hit.symbol, hit.edge, hit.caller, hit.where, asked(hit.fields)]
  return { number, line, comm, pid, cpu, context, time, event, body, what }
}

/** Everything that batches hold: entries by number, and gaps with the number of the entry before. */
async function fast(
  bytes: Uint8Array,
  definitions: ReadonlyMap<string, ProbeDefinition>,
  size: number,
): Promise<{ all: unknown[]; columns: number }> {
  const summary = newSummary()
  const tables = new RowTables()
  const row = new Row(tables)
  const all: { number: number; told: unknown }[] = []
  let columns = 0
  const kept = new KeptReader()
  const read = (batch: EntryBatch): void => {
    tables.add(batch)
    for (let i = 0; i < batch.rows; i++) {
      const place = batch.item[i]!
      const item = place < 0 ? null : batch.items[place]!
      if (item === null) columns++
      const number = batch.number[i]!
      // The lines are jumbled: where the clock seems to begin anew stands a gap that is no line's.
      if (item?.kind === 'blind' || (item?.kind === 'gap' && item.line === 0)) continue
      if (item?.kind === 'gap') all.push({ number: number + 0.5, told: { item, time: batch.time[i] } })
      else all.push({ number, told: told(item === null ? row.turnTo(batch, i) : item.entry, definitions) })
    }
    for (const { entry, ...fields } of kept.read(batch.kept)) {
      columns++
      all.push({ number: entry, told: { number: entry, line: expect.any(Number), ...fields, what: null } })
    }
  }
  for await (const batch of readTextBatches(pieces(bytes, size), summary, definitions)) read(batch)
  return { all: [...all.toSorted((a, b) => a.number - b.number).map((a) => a.told), { ...summary, notes: [] }], columns }
}

async function slow(bytes: Uint8Array, definitions: ReadonlyMap<string, ProbeDefinition>): Promise<unknown[]> {
  const summary = newSummary()
  const all: unknown[] = []
  const lines = new LineReader(summary, (item) => {
    all.push(item.kind === 'entry' ? told(item.entry, definitions) : { item, time: summary.lastTime })
  })
  for await (const some of readLines(pieces(bytes, 1 << 16))) for (const line of some) lines.take(line)
  lines.end()
  mustBeTrace(summary)
  return [...all, summary]
}

function load(name: string): { bytes: Uint8Array; definitions: ReadonlyMap<string, ProbeDefinition> } {
  const folder = join(RECORDINGS, name)
  const packed = readdirSync(folder).includes('trace.txt.gz')
  const bytes = readFileSync(join(folder, packed ? 'trace.txt.gz' : 'trace.txt'))
  return {
    bytes: packed ? gunzipSync(bytes) : bytes,
    definitions: parseProbeDefinitions(readFileSync(join(folder, 'kprobe_events.txt'), 'utf8')),
  }
}

describe.each(readdirSync(RECORDINGS).filter((name) => name !== 'fsdax-gup-stress'))('%s', (name) => {
  const { bytes, definitions } = load(name)
  const some = bytes.subarray(0, 300_000)

  it('reads the same fast and slowly, with definitions and without', async () => {
    for (const known of [definitions, new Map<string, ProbeDefinition>()]) {
      const quick = await fast(some, known, 1 << 16)
      expect(quick.columns).toBeGreaterThan(10)
      expect(quick.all).toEqual(await slow(some, known))
    }
  })
})

it.each(['..\t1.', '..\u00a01.', '.. 1.', '...1.'])('a context of %j reads the same fast and slowly', async (context) => {
  const line = (event: string): string => `   sh-1    [000] ${context}  1.000001: ${event}: (f+0x0/0x1) a=0x1`
  const some = new TextEncoder().encode(`${line('good')}\n${line('o\tdd')}\n   sh-1    [000] .....  1.000001: last: x\n`)
  expect((await fast(some, new Map(), 4096)).all).toEqual(await slow(some, new Map()))
})

describe('changed lines', () => {
  const { bytes, definitions } = load('fsdax-splice')
  const text = new TextDecoder().decode(bytes)
  const lines = text.split('\n').filter((line) => !line.startsWith('#') && line.length < 300)
  const odd = fc.constantFrom(
    '',
    ' ',
    '-',
    '(',
    ')',
    ':',
    '=',
    '0',
    '9',
    'x',
    'f',
    '.',
    '[',
    ']',
    '"',
    '\\',
    '\t',
    'é',
    ' a=',
    '\n',
    '\r',
    '<- ',
    '<',
  )

  it('read the same fast and slowly', async () => {
    const change = fc.record({ line: fc.nat(lines.length - 1), at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(3), put: odd })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 20, maxLength: 40 }), fc.integer({ min: 1, max: 4000 }), async (changes, size) => {
        const changed = changes.flatMap(({ line, at, cut, put }) => {
          const whole = lines[line]!
          const place = Math.floor(at * whole.length)
          return [whole, whole.slice(0, place) + put + whole.slice(place + cut), whole]
        })
        const some = new TextEncoder().encode(changed.join('\n'))
        expect((await fast(some, definitions, size)).all).toEqual(await slow(some, definitions))
      }),
      { numRuns: 60 },
    )
  })
})
