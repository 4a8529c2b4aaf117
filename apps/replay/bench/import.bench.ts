/** Whole imports of a long recording, to a finished log, beside trace-cmd printing the same trace.dat. */
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { rmSync } from 'node:fs'
import { timedBench, workFolder, type Bench, type Work } from '@devtrail/bench'
import { longRecording, type LongRecording } from './long-recording.ts'

/** Copies of the recording, of 154 768 entries each: as many as leave each bench some ten minutes. A process's start counts for less the more there are. */
const COPIES = Number(process.env['BENCH_COPIES'] ?? 100)
const BYTES = 120 << 20
const MAIN = join(import.meta.dirname, '../dist/main.js')

function devtrail(...args: readonly string[]): string {
  return execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 })
}

interface Shared extends LongRecording {
  readonly folder: string
}

/** What a log says in the end: both forms must say the same. */
function endOf(log: string): string {
  const state = JSON.parse(devtrail('state', log, '--json')) as { at: { seq: number; entry: number }; devices: object; iomem: object }
  return JSON.stringify([state.at.seq, state.at.entry, Object.keys(state.devices), state.iomem])
}

function setUp(): Shared {
  if (spawnSync('trace-cmd').error !== undefined) throw new Error('needs trace-cmd: apt-get install trace-cmd')
  const folder = workFolder(COPIES * BYTES)
  const recording = longRecording(folder, COPIES)
  const ends = (['text', 'binary'] as const).map((form) => {
    const log = join(folder, `${form}.log`)
    devtrail('import', recording[form], '-o', log)
    const end = endOf(log)
    rmSync(log, { recursive: true })
    return end
  })
  if (ends[0] !== ends[1]) throw new Error('the text and the trace.dat end differently')
  return { ...recording, folder }
}

const importing =
  (form: 'text' | 'binary') =>
  ({ folder, entries, ...recording }: Shared): Work => {
    const log = join(folder, `${form}.log`)
    return {
      before: () => rmSync(log, { recursive: true, force: true }),
      run: () => {
        devtrail('import', recording[form], '-o', log)
        return entries
      },
    }
  }

const reporting = ({ binary, entries }: Shared): Work => ({
  run: () => {
    execFileSync('trace-cmd', ['report', join(binary, 'trace.dat')], { stdio: 'ignore' })
    return entries
  },
})

const bench = (form: 'text' | 'binary', goal: number): Bench =>
  timedBench({
    name: `replay/import-${form}`,
    about: `a recording of ${(COPIES * 154_768).toLocaleString('en').replaceAll(',', ' ')} entries, ${form === 'text' ? 'as text' : 'as trace.dat'}, to a finished log with keyframes, as a process of its own`,
    unit: 'entry',
    finer: 1,
    setUp,
    ours: importing(form),
    peers: [{ name: 'trace-cmd report', goal, work: reporting }],
  })

export const benches: readonly Bench[] = [bench('text', 3), bench('binary', 6)]
