/** Two threads that get and put at the same time, and how their time is measured. */
import { Worker } from 'node:worker_threads'
import type { Kind, Orders, Pairs } from './pairs.child.ts'

const THREADS = 2

/** One slice of time, of both threads. */
export interface Slice {
  /** Nanoseconds of CPU that a pair took a thread. */
  readonly ns: number
  /** The part of the time for which both had a CPU, as far as can be told: that of the one that had less. */
  readonly share: number
}

export class TwoThreads {
  readonly #workers: readonly Worker[]

  /** `counter`: a shared ref's buffer, or one counter. */
  constructor(kind: Kind, counter: SharedArrayBuffer) {
    this.#workers = Array.from({ length: THREADS }, () => {
      const worker = new Worker(new URL('pairs.child.ts', import.meta.url), { workerData: { kind, counter } satisfies Orders })
      return worker.setMaxListeners(0)
    })
  }

  async slice(millis: number): Promise<Slice> {
    const done = this.#workers.map(
      (worker) => new Promise<Pairs>((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    )
    for (const worker of this.#workers) worker.postMessage(millis, [])
    const both = await Promise.all(done)
    return {
      ns: both.reduce((sum, { cpuMicros, pairs }) => sum + (cpuMicros * 1000) / pairs, 0) / THREADS,
      share: Math.min(...both.map(({ cpuMicros, wallMicros }) => cpuMicros / wallMicros)),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
