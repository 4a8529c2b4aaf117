import { parentPort, workerData } from 'node:worker_threads'
import type { EntryBatch } from '../entries/batch.ts'
import { ColumnPool } from '../entries/columns.ts'
import { RecordingError } from '../errors.ts'
import { parseProbeDefinitions } from '../probes.ts'
import { readTextBatches } from '../text/batches.ts'
import { newSummary } from '../text/summary.ts'
import { isDat, MAGIC_BYTES } from '../binary/dat-file.ts'
import { bytesOf, headWithin } from './bytes-of.ts'
import { readDat } from './read-dat.ts'
import { AHEAD_MAX, type NextRequest, type ReadReport, type ReadTask } from './read-thread.ts'

const port = parentPort!

/** How many more batches may be sent before one must be taken. */
class Credit {
  #left = AHEAD_MAX
  #wake: (() => void) | null = null

  give(): void {
    this.#left++
    this.#wake?.()
    this.#wake = null
  }

  async take(): Promise<void> {
    if (this.#left === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#left--
  }
}

const credit = new Credit()
const pool = new ColumnPool()
port.on('message', ({ spare }: NextRequest) => {
  for (const buffers of spare) pool.give(buffers)
  credit.give()
})

const say = (report: ReadReport, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(report, [...transfer])

function buffersOf(batch: EntryBatch): ArrayBuffer[] {
  const columns = Object.values(batch).filter((column: unknown) => ArrayBuffer.isView(column))
  return [...new Set(columns.map(({ buffer }) => buffer as ArrayBuffer))]
}

async function read({ path, kprobeEvents }: ReadTask): Promise<void> {
  const summary = newSummary()
  const batches = isDat(await headWithin(path, MAGIC_BYTES))
    ? readDat(path, summary, kprobeEvents, pool)
    : readTextBatches(bytesOf(path), summary, parseProbeDefinitions(kprobeEvents), pool)
  for await (const batch of batches) {
    await credit.take()
    say({ kind: 'batch', batch, summary }, buffersOf(batch))
  }
  say({ kind: 'end', summary })
}

try {
  await read(workerData as ReadTask)
} catch (error) {
  if (!(error instanceof RecordingError)) throw error
  say({ kind: 'refused', message: error.message })
} finally {
  port.close()
}
