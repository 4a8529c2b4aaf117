import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { BenchOptions, Figure } from './bench.ts'
import type { Selected } from './select.ts'

const CHILD = join(import.meta.dirname, 'apart.child.ts')
const FLAGS = ['--conditions=@devtrail/source', '--disable-warning=ExperimentalWarning']

/** What the process is asked for. */
export interface Order {
  readonly file: string
  readonly bench: string
  readonly peers: readonly string[]
  readonly options: BenchOptions
}

/** What it answers. */
export type Answer = { readonly figures: readonly Figure[] } | { readonly error: string }

/**
 * Measures a bench of `file` in a process of its own: what one bench taught the compiler or left in memory is none of
 * the next one's business. Its output goes to stderr.
 * @throws Error when the bench does, or when its process ends before it has figures.
 */
export async function measuredApart(file: string, { bench, peers }: Selected, options: BenchOptions): Promise<readonly Figure[]> {
  const child = fork(CHILD, { execArgv: FLAGS, stdio: ['ignore', 2, 2, 'ipc'] })
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  child.once('message', (answer) => resolve(answer as Answer))
  child.once('error', reject)
  child.once('exit', (code, signal) => reject(new Error(`${bench.name}: its process ended with ${signal ?? code} before it had figures`)))
  const order: Order = { file, bench: bench.name, peers: peers.map(({ name }) => name), options }
  child.send(order)
  const answer = await promise
  if ('error' in answer) throw new Error(`${bench.name}: ${answer.error}`)
  return answer.figures
}
