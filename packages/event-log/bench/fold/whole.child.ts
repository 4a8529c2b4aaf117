/** Folds everything once, for `foldWhole`. */
import { readFileSync, statSync } from 'node:fs'
import { openFileLog } from '../../src/file.ts'
import { vocabulary } from '../events.ts'
import { foldLines } from './lines-side.ts'
import { foldLog } from './log-side.ts'
import { newTotals } from './totals.ts'
import type { Side, Whole } from './whole.ts'

const [side, path] = process.argv.slice(2) as [Side, string]

/** The most memory that this process ever held, in bytes. */
function peakBytes(): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

const totals = newTotals()
let bufferBytesMost = 0
const pause = (): void => {
  bufferBytesMost = Math.max(bufferBytesMost, process.memoryUsage().arrayBuffers)
}
const bytesBefore = process.memoryUsage.rss()
const start = performance.now()
let events: number
if (side === 'lines') events = foldLines(path, 0, statSync(path).size, totals, pause)
else {
  await using reader = await openFileLog(path, vocabulary)
  events = await foldLog(reader, 1, reader.lastSeq, totals, pause)
}
const seconds = (performance.now() - start) / 1000
const whole: Whole = { events, seconds, bytesBeyond: peakBytes() - bytesBefore, bufferBytesMost, totals }
process.stdout.write(JSON.stringify(whole))
