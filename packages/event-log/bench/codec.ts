/** `pnpm bench`: events to blocks and back, beside JSON lines, msgpackr in batches and avsc. `--json` for one object a line. */
import { crc32 } from 'node:zlib'
import type { AnyEvent } from '@devtrail/events'
import avro from 'avsc'
import { Packr } from 'msgpackr'
import { BlockBuilder } from '../src/codec/block-builder.ts'
import { BlockReader } from '../src/codec/block-reader.ts'
import { ByteWriter } from '../src/codec/bytes.ts'
import { Dictionary, DictionaryWriter } from '../src/codec/dictionary.ts'
import { makeEvents, vocabulary } from './events.ts'
import { interleaved, report } from './rounds.ts'

const json = process.argv.includes('--json')
const rounds = Number(process.env['ROUNDS'] ?? 11)
const COUNT = 40_960
const BLOCK = 4096
const BATCH = 1000
const events = makeEvents(COUNT)

interface Block {
  readonly body: Uint8Array<ArrayBuffer>
  readonly count: number
  readonly lastSeq: number
}

let sink = 0

function columnar(keep: Block[] | null): number {
  const builder = new BlockBuilder(vocabulary, new DictionaryWriter())
  const out = new ByteWriter(1 << 17)
  for (let i = 0; i < events.length; i++) {
    builder.add(events[i]!)
    if (builder.count < BLOCK && i < events.length - 1) continue
    const { count, lastSeq } = builder
    out.clear()
    builder.finish(out)
    sink += crc32(out.written())
    keep?.push({ body: out.written().slice(), count, lastSeq })
  }
  return events.length
}

function jsonLines(): number {
  for (const event of events) sink += JSON.stringify(event).length
  return events.length
}

const packr = new Packr({ useRecords: true, structures: [] })
function msgpack(keep: Uint8Array[] | null): number {
  for (let at = 0; at < events.length; at += BATCH) {
    const bytes = packr.pack(events.slice(at, at + BATCH))
    sink += bytes.length
    keep?.push(Uint8Array.from(bytes))
  }
  return events.length
}

const avroType = avro.Type.forSchema({
  type: 'record',
  name: 'event',
  fields: [
    { name: 'seq', type: 'long' },
    { name: 'entry', type: ['null', 'long'] },
    { name: 'time', type: 'long' },
    { name: 'device', type: ['null', 'long'] },
    { name: 'cpu', type: ['null', 'int'] },
    {
      name: 'actor',
      type: [
        'null',
        {
          type: 'record',
          name: 'actor',
          fields: [
            { name: 'pid', type: 'int' },
            { name: 'comm', type: 'string' },
          ],
        },
      ],
    },
    { name: 'cause', type: { type: 'array', items: 'long' } },
    { name: 'type', type: { type: 'enum', name: 'kind', symbols: vocabulary.types().map((t) => t.replaceAll(/[^a-z]/g, '_')) } },
    {
      name: 'data',
      type: {
        type: 'record',
        name: 'data',
        fields: [
          { name: 'pfn', type: 'long' },
          { name: 'n', type: 'int' },
          { name: 'who', type: 'string' },
        ],
      },
    },
  ],
})
// Its names cannot hold a slash; the renaming is not measured.
const avroEvents = events.map((e) => ({ ...e, type: e.type.replaceAll(/[^a-z]/g, '_') }))
const avroBuffer = Buffer.alloc(1 << 20)
function avroRows(keep: Uint8Array[] | null): number {
  let at = 0
  const flush = (): void => {
    sink += at
    keep?.push(Uint8Array.from(avroBuffer.subarray(0, at)))
    at = 0
  }
  for (const event of avroEvents) {
    at = avroType.encode(event, avroBuffer, at)
    if (at > avroBuffer.length - 1024) flush()
  }
  flush()
  return events.length
}

report(
  'events to bytes (typed events of 24 types; columnar with its checksum)',
  await interleaved(
    [
      { name: 'columnar blocks of 4096, each event checked', run: () => columnar(null) },
      { name: 'JSON.stringify, one by one', run: jsonLines },
      { name: 'msgpackr records, batches of 1000', run: () => msgpack(null) },
      { name: 'avsc, into one buffer', run: () => avroRows(null) },
    ],
    rounds,
  ),
  json,
)

const blocks: Block[] = []
columnar(blocks)
const lines = events.map((event) => JSON.stringify(event))
const batches: Uint8Array[] = []
msgpack(batches)
const avroChunks: Uint8Array[] = []
avroRows(avroChunks)

const ring: (AnyEvent | null)[] = Array.from({ length: 1024 }, () => null)
let next = 0
const hold = (event: AnyEvent): void => {
  ring[next++ & 1023] = event
}

function blocksToObjects(): number {
  const dictionary = new Dictionary()
  for (const block of blocks) {
    sink += crc32(block.body)
    const reader = new BlockReader(block.body, block, dictionary, vocabulary)
    for (let i = 0; i < reader.count; i++) hold(reader.event(i))
  }
  return events.length
}

/** Events and their sum of `n` by device: a reducer over columns, and the same over objects. */
function foldColumns(): number {
  const dictionary = new Dictionary()
  const counts = new Float64Array(64)
  const sums = new Float64Array(64)
  for (const block of blocks) {
    sink += crc32(block.body)
    const reader = new BlockReader(block.body, block, dictionary, vocabulary)
    const columns = reader.types.map((_, t) => reader.fields(t)[1]!.numbers)
    const { type, device } = reader
    for (let i = 0; i < reader.count; i++) {
      const d = device[i]!
      counts[d]!++
      sums[d]! += columns[type[i]!]![reader.row(i)]!
    }
  }
  sink += counts[1]! + sums[1]!
  return events.length
}

function foldLines(): number {
  const counts = new Float64Array(64)
  const sums = new Float64Array(64)
  for (const line of lines) {
    const event = JSON.parse(line) as AnyEvent
    counts[event.device!]!++
    sums[event.device!]! += event.data['n'] as number
  }
  sink += counts[1]! + sums[1]!
  return events.length
}

report(
  'bytes to objects (kept in a ring; columnar with its checksum)',
  await interleaved(
    [
      { name: 'columnar blocks', run: blocksToObjects },
      {
        name: 'JSON.parse, line by line',
        run: () => {
          for (const line of lines) hold(JSON.parse(line) as AnyEvent)
          return events.length
        },
      },
      {
        name: 'msgpackr, batches of 1000',
        run: () => {
          for (const batch of batches) for (const event of packr.unpack(batch) as AnyEvent[]) hold(event)
          return events.length
        },
      },
    ],
    rounds,
  ),
  json,
)
report(
  'fold: events and a sum by device',
  await interleaved(
    [
      { name: 'over columns, with checksum', run: foldColumns },
      { name: 'over JSON lines, parsed', run: foldLines },
    ],
    rounds,
  ),
  json,
)

const bytes = blocks.reduce((sum, { body }) => sum + body.length + 48, 0)
const sizes = {
  columnar: bytes / COUNT,
  json: lines.reduce((sum, line) => sum + line.length + 1, 0) / COUNT,
  msgpackr: batches.reduce((sum, b) => sum + b.length, 0) / COUNT,
  avsc: avroChunks.reduce((sum, b) => sum + b.length, 0) / COUNT,
}
if (json) console.log(JSON.stringify({ title: 'bytes per event', sizes }))
else
  console.log(
    `\nbytes per event: ${Object.entries(sizes)
      .map(([name, n]) => `${name} ${n.toFixed(1)}`)
      .join(', ')}`,
  )
if (sink === 0) console.log('nothing was done')
