/** Fuzzes, in a thread that may hang or run out of memory; its supervisor is `command.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { Current } from './current.ts'
import { instrument } from './instrument.ts'
import { branchCount, readMeter } from './meter.ts'
import type { Target } from './target.ts'

/** What the supervisor hands in. */
export interface Work {
  readonly shared: SharedArrayBuffer
  /** The module of the targets, and the packages that are measured. */
  readonly module: string
  readonly packages: readonly string[]
  readonly seed: number
  /** Names of targets; each is run. */
  readonly names: readonly string[]
  /** Inputs of earlier workers that showed something new, by target. */
  readonly corpus: { readonly [name: string]: readonly Uint8Array<ArrayBuffer>[] }
  /** Inputs to run of each target, and milliseconds for all; Infinity: no limit. */
  readonly runs: number
  readonly milliseconds: number
}

export interface Progress {
  readonly executions: number
  readonly corpus: number
  readonly branches: number
  /** Of all instrumented code; a target reaches only part of it. */
  readonly branchesInAll: number
  /** The most that one input cost. */
  readonly stepsMax: number
  readonly bytesMax: number
  readonly digest: string
}

export type Message =
  | { readonly kind: 'new'; readonly target: string; readonly input: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failure'; readonly target: string; readonly input: Uint8Array<ArrayBuffer>; readonly error: string }
  | { readonly kind: 'progress'; readonly target: string; readonly progress: Progress }

const work = workerData as Work
instrument(work.packages)
const { Fuzzer } = await import('./fuzzer.ts')
const { targets } = (await import(work.module)) as { readonly targets: readonly Target[] }
const current = new Current(work.shared)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
const tell = (message: Message): void => parentPort!.postMessage(message)

/** Milliseconds of one target before the next has its turn; where inputs are counted, one target comes after the other. */
const TURN = work.runs === Infinity ? 500 : Infinity

/**
 * Inputs after which the event loop has its turn. What is in memory never waits for it, and without it what Node puts off until then
 * (the ends of decompressions that failed, each with its buffer) would pile up to gigabytes.
 */
const BREATH = 64

const runs = targets
  .filter(({ name }) => work.names.includes(name))
  .map((target) => ({
    fuzzer: new Fuzzer(target, work.seed, work.corpus[target.name] ?? []),
    index: targets.indexOf(target),
    milliseconds: 0,
    stepsMax: 0,
    bytesMax: 0,
  }))
const start = performance.now()
const isOver = (): boolean => performance.now() - start >= work.milliseconds

for (let left = runs; left.length > 0 && !isOver();) {
  const run = left.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a))
  const { fuzzer } = run
  const since = performance.now()
  while (fuzzer.executions < work.runs && performance.now() - since < TURN && !isOver()) {
    const input = fuzzer.next()
    current.set(run.index, input)
    const { isNew, failure } = await fuzzer.run(input)
    if (fuzzer.executions % BREATH === 0) await new Promise((resolve) => void setImmediate(resolve))
    const { steps, bytes } = readMeter()
    run.stepsMax = Math.max(run.stepsMax, steps)
    run.bytesMax = Math.max(run.bytesMax, bytes)
    const target = fuzzer.target.name
    if (isNew) tell({ kind: 'new', target, input: input.slice() })
    if (failure !== null) {
      const { error } = failure
      tell({
        kind: 'failure',
        target,
        input: input.slice(),
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
  }
  run.milliseconds += performance.now() - since
  const { executions, corpus, branches, digest, target } = fuzzer
  const { stepsMax, bytesMax } = run
  const progress = { executions, corpus: corpus.length, branches, branchesInAll: branchCount(), stepsMax, bytesMax }
  tell({ kind: 'progress', target: target.name, progress: { ...progress, digest: (digest >>> 0).toString(16).padStart(8, '0') } })
  left = left.filter(({ fuzzer }) => fuzzer.executions < work.runs)
}
