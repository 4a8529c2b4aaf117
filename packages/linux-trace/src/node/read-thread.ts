/** Reads a trace in a thread of its own: its batches come over as they are, without being copied. */
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { EntryBatch } from '../entries/batch.ts'
import { spareOf, type SpareBuffers } from '../entries/columns.ts'
import { RecordingError } from '../errors.ts'
import type { TraceReader } from '../recording.ts'
import type { TraceSummary } from '../text/summary.ts'

/** Batches that the thread may be ahead by: on a busy machine either waits a while for its turn. */
export const AHEAD_MAX = 16

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

/** A thread that reads, and what it has said. */
interface Thread {
  readonly worker: Worker
  readonly reports: AsyncIterable<[ReadReport]>
}

/** The batches that a thread reads of the trace at a path; buffers in `spare` go back to it. */
async function* batchesOf(
  { worker, reports }: Thread,
  path: string,
  summary: TraceSummary,
  spare: SpareBuffers[],
): AsyncGenerator<EntryBatch> {
  worker.ref()
  try {
    for await (const [report] of reports) {
      if (report.kind === 'refused') throw new RecordingError(report.message)
      Object.assign(summary, report.summary)
      if (report.kind === 'end') return
      const next: NextRequest = { spare: spare.splice(0) }
      worker.postMessage(
        next,
        next.spare.flatMap(({ columns, words, kept }) => (kept === null ? [columns, words] : [columns, words, kept])),
      )
      yield report.batch
    }
    throw new Error(`the thread that read ${path} ended early`)
  } finally {
    await worker.terminate()
  }
}

/** Reads the trace at a path in another thread. */
export class ThreadedTrace {
  readonly #path: string
  readonly #kprobeEvents: string
  #begun: Thread | null = null

  constructor(path: string, kprobeEvents: string) {
    this.#path = path
    this.#kprobeEvents = kprobeEvents
  }

  /** Begins, so that something is there when it is asked for. A thread that nobody asks does not keep the process. */
  begin(): void {
    this.#begun ??= this.#start(this.#kprobeEvents)
  }

  readonly read: TraceReader = (summary, kprobeEvents) => {
    const spare: SpareBuffers[] = []
    const begun = kprobeEvents === this.#kprobeEvents ? this.#begun : null
    if (begun !== null) this.#begun = null
    return {
      [Symbol.asyncIterator]: () => batchesOf(begun ?? this.#start(kprobeEvents), this.#path, summary, spare),
      release: (batch) => {
        const buffers = spareOf(batch)
        if (buffers !== null) spare.push(buffers)
      },
    }
  }

  #start(kprobeEvents: string): Thread {
    const task: ReadTask = { path: this.#path, kprobeEvents }
    const worker = new Worker(program(), { workerData: task })
    const reports = on(worker, 'message', { close: ['exit'] }) as AsyncIterable<[ReadReport]>
    // Whoever listens keeps the process; from here on only who asks does.
    worker.unref()
    return { worker, reports }
  }
}
