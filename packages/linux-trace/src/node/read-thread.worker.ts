import { parentPort, workerData } from 'node:worker_threads'
import type { EntryBatch } from '../entries/batch.ts'
import { RecordingError } from '../errors.ts'
import { parseProbeDefinitions } from '../probes.ts'
import { readTextBatches } from '../text/batches.ts'
import { newSummary } from '../text/reader.ts'
import { bytesOf } from './bytes-of.ts'
import { AHEAD_MAX, type ReadReport, type ReadTask } from './read-thread.ts'

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
port.on('message', () => credit.give())

const say = (report: ReadReport, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(report, [...transfer])

function buffersOf(batch: EntryBatch): ArrayBuffer[] {
  return Object.values(batch).flatMap((column: unknown) => (ArrayBuffer.isView(column) ? [column.buffer as ArrayBuffer] : []))
}

async function read({ path, kprobeEvents }: ReadTask): Promise<void> {
  const summary = newSummary()
  for await (const batch of readTextBatches(bytesOf(path), summary, parseProbeDefinitions(kprobeEvents))) {
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
