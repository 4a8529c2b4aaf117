/** The fold of ten million events. */
import { isDeepStrictEqual } from 'node:util'
import { compared, figureName, interleaved, workFolder, type Bench, type Figure, type Peer, type Work } from '@devtrail/bench'
import { openFileLog } from '../src/file.ts'
import { vocabulary } from './events.ts'
import { foldLines } from './fold/lines-side.ts'
import { foldLog } from './fold/log-side.ts'
import { writeBoth, type Both } from './fold/both-sides.ts'
import { newTotals } from './fold/totals.ts'
import { foldWhole, type Whole } from './fold/whole.ts'

/** `BENCH_EVENTS`: fewer, to try it out. */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 10_000_000)
/** Of the log and of the lines together. */
const EVENT_BYTES = 220
const MIB = 2 ** 20
const WARMUPS = 2

const LINES: Peer = { name: 'JSON lines, parsed and reduced by the same reducer', goal: 20 }
const WHOLE: Peer = { name: 'JSON lines, all at once' }
const MEMORY: Peer = { name: '100 MiB of memory', goal: 1, goalText: 'at most 100 MiB' }
const MEMORY_MIB = 100

const about = {
  name: 'event-log/fold',
  about: `${EVENTS.toLocaleString('en').replaceAll(',', ' ')} events of a log reduced to a small state for each device, checksums checked`,
}

async function inRounds({ log, lines, slices }: Both, rounds: number): Promise<Figure> {
  await using reader = await openFileLog(log, vocabulary)
  const turns = (fold: (slice: (typeof slices)[number]) => number | Promise<number>): Work => {
    let turn = 0
    return { run: () => fold(slices[turn++ % slices.length]!) }
  }
  const works = [
    turns(({ fromSeq, toSeq }) => foldLog(reader, fromSeq, toSeq, newTotals())),
    turns(({ fromByte, toByte }) => foldLines(lines, fromByte, toByte, newTotals())),
  ]
  const [ours, peer] = await interleaved(works, { rounds, warmups: WARMUPS, millisMin: 60, clock: () => process.hrtime.bigint() })
  return { ...LINES, ...compared(ours!, peer!), name: figureName(about, LINES), unit: 'ns/event' }
}

const mib = (bytes: number): string => (bytes / MIB).toFixed(1)

function noteOf({ events, bytesBeyond, bufferBytesMost }: Whole): string {
  return `${events} events, ${mib(bytesBeyond)} MiB beyond what the process began with, ${mib(bufferBytesMost)} MiB of array buffers`
}

async function measure(peers: readonly Peer[], { rounds }: { readonly rounds: number }): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  const both = await writeBoth(workFolder(EVENTS * EVENT_BYTES), EVENTS)
  const wants = (peer: Peer): boolean => peers.some(({ name }) => name === peer.name)
  if (wants(LINES)) figures.push(await inRounds(both, rounds))
  const ours = await foldWhole('log', both.log)
  if (wants(LINES) || wants(WHOLE)) {
    const peer = await foldWhole('lines', both.lines)
    if (!isDeepStrictEqual(ours.totals, peer.totals)) throw new Error('the fold of the log and that of the lines differ')
    const note = `the log: ${noteOf(ours)}; the lines: ${noteOf(peer)}`
    const seconds = { ours: ours.seconds, peer: peer.seconds, unit: 's', ratio: peer.seconds / ours.seconds }
    figures.push({ ...WHOLE, ...seconds, name: figureName(about, WHOLE), note })
  }
  if (wants(MEMORY)) {
    const held = ours.bytesBeyond / MIB
    const note = `at once at most ${mib(ours.bufferBytesMost)} MiB of array buffers`
    figures.push({ ...MEMORY, name: figureName(about, MEMORY), ours: held, peer: MEMORY_MIB, unit: 'MiB', ratio: MEMORY_MIB / held, note })
  }
  return figures
}

export const benches: readonly Bench[] = [{ ...about, peers: [LINES, WHOLE, MEMORY], measure }]
