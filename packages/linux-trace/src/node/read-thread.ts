/** Reads a trace in a thread of its own: its batches come over as they are, without being copied. */
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { EntryBatch } from '../entries/batch.ts'
import { spareOf, type SpareBuffers } from '../entries/columns.ts'
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

/** Asks the thread for one more batch, and gives back what others were in. */
export interface NextRequest {
  readonly spare: readonly SpareBuffers[]
}

/** What the thread says. */
export type ReadReport =
  | { readonly kind: 'batch'; readonly batch: EntryBatch; readonly summary: TraceSummary }
  | { readonly kind: 'end'; readonly summary: TraceSummary }
  | { readonly kind: 'refused'; readonly message: string }

const program = (): URL => new URL(import.meta.url.endsWith('.ts') ? 'read-thread.worker.ts' : 'read-thread.worker.js', import.meta.url)

/** The batches of the trace that a task names; buffers in `spare` go back to the thread. */
async function* batchesOf(task: ReadTask, summary: TraceSummary, spare: SpareBuffers[]): AsyncGenerator<EntryBatch> {
  const worker = new Worker(program(), { workerData: task })
  try {
    for await (const [report] of on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[ReadReport]>) {
      if (report.kind === 'refused') throw new RecordingError(report.message)
      Object.assign(summary, report.summary)
      if (report.kind === 'end') return
      const next: NextRequest = { spare: spare.splice(0) }
      worker.postMessage(
        next,
        next.spare.flatMap(({ columns, words }) => [columns, words]),
      )
      yield report.batch
    }
    throw new Error(`the thread that read ${task.path} ended early`)
  } finally {
    await worker.terminate()
  }
}

/** Reads the trace at a path in another thread. */
export const readInThread =
  (path: string): TraceReader =>
  (summary, kprobeEvents) => {
    const spare: SpareBuffers[] = []
    return {
      [Symbol.asyncIterator]: () => batchesOf({ path, kprobeEvents }, summary, spare),
      release: (batch) => {
        const buffers = spareOf(batch)
        if (buffers !== null) spare.push(buffers)
      },
    }
  }
