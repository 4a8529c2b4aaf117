/** Reads a trace in a thread of its own: its batches come over as they are, without being copied. */
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { EntryBatch } from '../entries/batch.ts'
import { RecordingError } from '../errors.ts'
import type { TraceReader } from '../recording.ts'
import type { TraceSummary } from '../text/reader.ts'

/** Batches that the thread may be ahead by. */
export const AHEAD_MAX = 4

/** What the thread is to read. */
export interface ReadTask {
  readonly path: string
  readonly kprobeEvents: string
}

/** What the thread says. */
export type ReadReport =
  | { readonly kind: 'batch'; readonly batch: EntryBatch; readonly summary: TraceSummary }
  | { readonly kind: 'end'; readonly summary: TraceSummary }
  | { readonly kind: 'refused'; readonly message: string }

const program = (): URL => new URL(import.meta.url.endsWith('.ts') ? 'read-thread.worker.ts' : 'read-thread.worker.js', import.meta.url)

/** Reads the trace at a path in another thread. */
export const readInThread = (path: string): TraceReader =>
  async function* read(summary, kprobeEvents) {
    const task: ReadTask = { path, kprobeEvents }
    const worker = new Worker(program(), { workerData: task })
    try {
      for await (const [report] of on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[ReadReport]>) {
        if (report.kind === 'refused') throw new RecordingError(report.message)
        Object.assign(summary, report.summary)
        if (report.kind === 'end') return
        worker.postMessage('next', [])
        yield report.batch
      }
      throw new Error(`the thread that read ${path} ended early`)
    } finally {
      await worker.terminate()
    }
  }
