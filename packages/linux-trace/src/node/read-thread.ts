/** Reads a trace in a thread of its own: its batches come over as they are, without being copied. */
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
    const reports: ReadReport[] = []
    let failure: Error | null = null
    let wake = (): void => {}
    worker.on('message', (report: ReadReport) => {
      reports.push(report)
      wake()
    })
    worker.on('error', (error) => {
      failure = error
      wake()
    })
    worker.on('exit', () => {
      failure ??= new Error(`the thread that read ${path} ended early`)
      wake()
    })
    try {
      for (;;) {
        const report = reports.shift()
        if (report === undefined) {
          if (failure !== null) throw failure
          await new Promise<void>((resolve) => (wake = resolve))
          continue
        }
        if (report.kind === 'refused') throw new RecordingError(report.message)
        Object.assign(summary, report.summary)
        if (report.kind === 'end') return
        worker.postMessage('next')
        yield report.batch
      }
    } finally {
      await worker.terminate()
    }
  }
