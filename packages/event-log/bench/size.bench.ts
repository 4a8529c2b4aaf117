/** How large events are when they are stored. */
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import { countedBench, workFolder, type Bench } from '@devtrail/bench'
import { Packr } from 'msgpackr'
import { readFrame } from '../src/codec/frame.ts'
import { compressFileLog } from '../src/file.ts'
import { nodeDisk } from '../src/file/node-disk.ts'
import { SEGMENTS_FOLDER, segmentNumber } from '../src/file/layout.ts'
import { readHead } from '../src/file/head.ts'
import { loadSegment } from '../src/file/load-segment.ts'
import { avroBytes, avroEvents } from './avro.ts'
import { EventSource } from './events.ts'
import { writeSampleLog } from './sample-log.ts'

const EVENTS = 200_000
const BATCH = 1000

const root = join(import.meta.dirname, '../../..')
const RECORDING = 'recordings/linux-6.1/fsdax-gup-stress'
/** Bytes of the trace.dat that trace-cmd wrote when it was recorded, which is not in the repository. */
const TRACE_DAT_BYTES = 1_832_255

function zstd1(bytes: Uint8Array): number {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).length
}

interface Size {
  readonly raw: number
  readonly zstd1: number
}

const sizeOf = (bytes: Uint8Array): Size => ({ raw: bytes.length, zstd1: zstd1(bytes) })

/** Of all segments of a compressed log, and what they were before. */
async function sizeOfLog(folder: string): Promise<Size> {
  const { logId } = await readHead(nodeDisk, folder)
  const numbers = readdirSync(join(folder, SEGMENTS_FOLDER)).flatMap((name) => segmentNumber(name) ?? [])
  const size = { raw: 0, zstd1: 0 }
  for (const number of numbers) {
    const { file, path, place, blocks } = await loadSegment(nodeDisk, { folder, logId, number, isLast: false, before: 0 })
    await file.close()
    const bytes = readFileSync(path)
    size.zstd1 += bytes.length
    size.raw += bytes.length
    for (const { offset } of blocks) {
      const frame = readFrame(bytes.subarray(offset), place, offset)
      if (typeof frame === 'string') throw new Error(`${path}: ${frame}`)
      if (frame.rawBytes > 0) size.raw += frame.rawBytes - frame.bodyBytes
    }
  }
  return size
}

function importRecording(folder: string): void {
  const args = ['--conditions=@devtrail/source', join(root, 'apps/replay/src/main.ts'), 'import', join(root, RECORDING), '-o', folder]
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`the import of ${RECORDING} failed: ${run.error?.message ?? run.stderr}`)
}

const FORMS = ['JSON lines', 'msgpackr, records, batches of 1000', 'avsc'] as const
const compressed = (form: string): string => `${form}, both by zstd 1`

export const benches: readonly Bench[] = [
  countedBench({
    name: 'event-log/size',
    about: "a log's segments, indexes included",
    unit: 'B/event',
    peers: [...FORMS.map((name) => ({ name })), ...FORMS.map((form) => ({ name: compressed(form) }))],
    count: async () => {
      const folder = await writeSampleLog(workFolder(2 ** 26), EVENTS)
      await compressFileLog(folder)
      const log = await sizeOfLog(folder)
      const events = new EventSource().take(EVENTS)
      const packr = new Packr({ structures: [] })
      const packed = Array.from({ length: EVENTS / BATCH }, (_, i) => Buffer.from(packr.pack(events.slice(i * BATCH, (i + 1) * BATCH))))
      const [lines, msgpackr, avsc] = FORMS
      const peers = {
        [lines]: sizeOf(Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''))),
        [msgpackr]: sizeOf(Buffer.concat(packed)),
        [avsc]: sizeOf(avroBytes(avroEvents(events))),
      }
      const each = (ours: number, peer: number): { ours: number; peer: number } => ({ ours: ours / EVENTS, peer: peer / EVENTS })
      return Object.fromEntries(
        Object.entries(peers).flatMap(([form, size]) => [
          [form, each(log.raw, size.raw)],
          [compressed(form), each(log.zstd1, size.zstd1)],
        ]),
      )
    },
  }),
  countedBench({
    name: 'event-log/size-recording',
    about: `${RECORDING} imported; its log's segments beside the ${TRACE_DAT_BYTES} bytes of its trace.dat`,
    unit: 'KiB',
    peers: [
      { name: 'trace.dat, the log not compressed', goal: 1, goalText: 'smaller' },
      { name: 'trace.dat, the log compressed', goal: 2, goalText: 'less than half' },
    ],
    count: async () => {
      const folder = join(workFolder(2 ** 26), 'log')
      importRecording(folder)
      const { raw, zstd1 } = await sizeOfLog(folder)
      const [ours, packed, peer] = [raw, zstd1, TRACE_DAT_BYTES].map((bytes) => bytes / 1024) as [number, number, number]
      return { 'trace.dat, the log not compressed': { ours, peer }, 'trace.dat, the log compressed': { ours: packed, peer } }
    },
  }),
]
