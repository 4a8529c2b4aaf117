/** Coverage-guided fuzzing of what a package reads. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Current, makeShared } from './current.ts'
import type { Bytes, Target } from './target.ts'
import type { Message, Progress, Work } from './worker.ts'

export interface Fuzzing {
  /** The package, as pnpm's --filter takes it. */
  readonly package: string
  /** Names of the targets in their order; the module is not loaded here, for what it loads would not be measured. */
  readonly names: readonly string[]
  /** URL of the module that exports `targets`. */
  readonly module: string
  /** Folders in `packages/` whose code is measured. */
  readonly measured: readonly string[]
  /** Folder for inputs that broke a promise. */
  readonly found: string
}

/** An input that takes longer hangs, whatever else the machine does. */
const HANG_MS = 60_000
/** Inputs are small: what reads them needs little. */
const HEAP_MIB = 512
const FAILURES_MAX = 50

function nameOf(input: Bytes): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16)
}

function keep(folder: string, name: string, input: Bytes): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, input)
  return file
}

/**
 * `fuzz [--seconds N | --runs N] [--seed S] [--target NAME,…] [--corpus FOLDER]`; `--target NAME --input FILE` runs one
 * input again. The exit code is 1 when a promise was broken.
 */
export async function fuzzCommand({ package: package_, names, module, measured, found }: Fuzzing): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      seconds: { type: 'string' },
      runs: { type: 'string' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string', default: names.join(',') },
      input: { type: 'string' },
      corpus: { type: 'string' },
    },
  })

  function numberOf(name: 'seconds' | 'runs' | 'seed'): number | null {
    const text = options[name]
    if (text === undefined) return null
    if (!/^\d+$/.test(text)) throw new Error(`--${name} is a whole number; found ${text}`)
    return Number(text)
  }

  const wanted = options.target.split(',')
  for (const name of wanted) if (!names.includes(name)) throw new Error(`no target ${name}; there are ${names.join(', ')}`)
  const seed = numberOf('seed') ?? 1
  const runs = numberOf('runs') ?? Infinity
  const seconds = numberOf('seconds') ?? (runs === Infinity ? 60 : Infinity)

  interface Failure {
    readonly target: string
    readonly file: string
    readonly error: string
  }

  const failures = new Map<string, Failure>()
  const corpus: Record<string, Bytes[]> = Object.fromEntries(names.map((name) => [name, []]))
  /** Of each target, by worker. */
  const progress = new Map<string, Progress[]>(names.map((name) => [name, []]))

  function loadCorpus(folder: string): void {
    for (const name of names) {
      const of = join(folder, name)
      if (!existsSync(of)) continue
      for (const file of readdirSync(of).toSorted()) corpus[name]!.push(new Uint8Array(readFileSync(join(of, file))))
    }
  }

  function fail(target: string, input: Bytes, error: string): void {
    // One bug shows itself in thousands of inputs.
    const key = `${target} ${error.split('\n').slice(0, 3).join('\n').replaceAll(/\d+/g, '#')}`
    if (failures.has(key) || failures.size >= FAILURES_MAX) return
    const file = keep(found, `${target}-${nameOf(input)}.bin`, input)
    failures.set(key, { target, file, error })
    console.log(`${target}: ${error}\n  again: pnpm --filter ${package_} fuzz --target ${target} --input ${file}`)
  }

  /** Runs a worker to its end, or to its death; resolves to whether there is more to do. */
  function work(milliseconds: number, seed: number): Promise<boolean> {
    const shared = makeShared()
    const current = new Current(shared)
    const data: Work = { shared, module, packages: measured, seed, names: wanted, corpus, runs, milliseconds }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    })
    for (const name of wanted)
      progress.get(name)!.push({ executions: 0, corpus: 0, branches: 0, branchesInAll: 0, stepsMax: 0, bytesMax: 0, digest: '' })
    const died = (error: string): void => fail(names[current.target]!, current.input, error)
    let last = { number: 0, at: performance.now() }
    let isHung = false
    const watch = setInterval(() => {
      if (current.number !== last.number) last = { number: current.number, at: performance.now() }
      else if (performance.now() - last.at > HANG_MS && last.number > 0) {
        isHung = true
        died(`an input takes longer than ${HANG_MS / 1000} s`)
        void worker.terminate()
      }
    }, 1000)
    worker.on('message', (message: Message) => {
      if (message.kind === 'failure') fail(message.target, message.input, message.error)
      else if (message.kind === 'progress') progress.get(message.target)![progress.get(message.target)!.length - 1] = message.progress
      else {
        corpus[message.target]!.push(message.input)
        if (options.corpus !== undefined) keep(join(options.corpus, message.target), nameOf(message.input), message.input)
      }
    })
    return new Promise((resolve, reject) => {
      let isDead = false
      worker.on('error', (error) => {
        if (current.number === 0) return reject(error)
        isDead = true
        died(error instanceof Error ? (error.stack ?? error.message) : String(error))
      })
      worker.on('exit', () => {
        clearInterval(watch)
        resolve(isDead || isHung)
      })
    })
  }

  async function runAgain(name: string, file: string): Promise<void> {
    const { instrument } = await import('./instrument.ts')
    instrument(measured)
    const { targets } = (await import(module)) as { readonly targets: readonly Target[] }
    const { failureOf } = await import('./fuzzer.ts')
    const target = targets.find((t) => t.name === name)!
    const failure = await failureOf(target, new Uint8Array(readFileSync(file)))
    console.log(failure === null ? 'every promise is kept' : failure.error)
    if (failure !== null) process.exitCode = 1
  }

  function summarise(milliseconds: number): void {
    for (const name of wanted) {
      const parts = progress.get(name)!
      const total = (of: (p: Progress) => number): number => parts.reduce((sum, p) => sum + of(p), 0)
      const most = (of: (p: Progress) => number): number => Math.max(...parts.map(of))
      console.log(
        `${name}: ${total((p) => p.executions)} inputs, corpus ${most((p) => p.corpus)}, ${most((p) => p.branches)} of ${most((p) => p.branchesInAll)} branches, ` +
          `at most ${most((p) => p.stepsMax)} branches and ${(most((p) => p.bytesMax) / 2 ** 20).toFixed(1)} MiB of arrays for one input, digest ${parts.map((p) => p.digest).join('+')}`,
      )
    }
    console.log(`seed ${seed}, ${(milliseconds / 1000).toFixed(0)} s, ${failures.size} ${failures.size === 1 ? 'failure' : 'failures'}`)
    for (const { target, file, error } of failures.values()) console.log(`  ${target} ${file}: ${error.split('\n')[0]}`)
    if (failures.size > 0) process.exitCode = 1
  }

  if (options.input !== undefined) await runAgain(wanted[0]!, options.input)
  else {
    if (options.corpus !== undefined) loadCorpus(options.corpus)
    const start = performance.now()
    const left = (): number => seconds * 1000 - (performance.now() - start)
    for (let i = 0; left() > 0 && (await work(left(), seed + i)); i++);
    summarise(performance.now() - start)
  }
}
