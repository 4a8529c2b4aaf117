/** Workers that use a shared ref as hard as they can, while it is killed at random moments and brought back. */
import { Worker } from 'node:worker_threads'
import { epochOf } from './grace-period.ts'
import { header } from './layout.ts'
import { Said } from './said.ts'
import { SharedPercpuRef } from './shared-percpu-ref.ts'
import { SharedStruct } from './shared-struct.ts'

/** Words that the workers and the killer share. */
export const report = {
  /** Which life of the ref it is, from 1; 0 before, -1 after all. */
  LIFE: 0,
  /** References that one worker took and left for another to give back. */
  POOL: 1,
  RELEASES: 2,
  /** Releases while somebody held a reference. */
  EARLY: 3,
  WORKERS: 4,
  /** Words of a worker, on a line of its own: the life it saw the end of, what it holds, operations in millions and the rest. */
  LINE: 32,
  IDLE: 0,
  HELD: 1,
  MILLIONS: 2,
  REST: 3,
} as const

export interface SoakWork {
  readonly buffer: SharedArrayBuffer
  readonly reports: SharedArrayBuffer
  readonly worker: number
  readonly seed: number
}

export interface SoakResult {
  readonly operations: number
  /** After some kills the ref is brought back while it is used; a life ends with one after which it is drained. */
  readonly kills: number
  readonly lives: number
  /** Kills after which the count was not zero though all had put what they got. */
  readonly lost: number
  readonly early: number
  readonly releases: number
}

export interface SoakHow {
  readonly withGrace: boolean
  /** Kills that lost counts, after which it is enough. */
  readonly lossesMax: number
  readonly seed: number
}

const WORKERS = 2

/** A release: nobody holds a reference, since each writes down what it gives back before it does. */
export function recordRelease(words: Int32Array): void {
  Atomics.add(words, report.RELEASES, 1)
  let held = Atomics.load(words, report.POOL)
  for (let line = report.LINE; line < words.length; line += report.LINE) held += words[line + report.HELD]!
  if (held !== 0) Atomics.add(words, report.EARLY, 1)
}

/**
 * Kills until so many operations are done, or until enough of them have lost counts. `withGrace` false: takes the sum at once, without a
 * grace period.
 */
export async function soak(operations: number, how: SoakHow): Promise<SoakResult> {
  const words = new Int32Array(new SharedArrayBuffer(report.LINE * 4 * (WORKERS + 1)))
  const ref = SharedPercpuRef.create({ workers: WORKERS, dead: true, release: () => recordRelease(words) })
  const workers = Array.from({ length: WORKERS }, (_, worker) => {
    const work: SoakWork = { buffer: ref.buffer, reports: words.buffer as SharedArrayBuffer, worker: worker + 1, seed: how.seed + worker }
    return new Worker(new URL('soak.child.ts', import.meta.url), { workerData: work, execArgv: ['--conditions=@devtrail/source'] })
  })
  const failed = Promise.race(workers.map((worker) => new Promise<never>((_, reject) => worker.once('error', reject))))
  try {
    return await Promise.race([failed, kills(ref, words, operations, how)])
  } finally {
    Atomics.store(words, report.LIFE, -1)
    Atomics.notify(words, report.LIFE)
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

const field = (worker: number, name: number): number => report.LINE * worker + name
const MILLION = 1e6

function operationsDone(words: Int32Array): number {
  let done = 0
  for (let worker = 1; worker <= WORKERS; worker++)
    done += Atomics.load(words, field(worker, report.MILLIONS)) * MILLION + Atomics.load(words, field(worker, report.REST))
  return done
}

async function kills(
  ref: SharedPercpuRef,
  words: Int32Array,
  operations: number,
  { withGrace, seed, lossesMax }: SoakHow,
): Promise<SoakResult> {
  const struct = new SharedStruct(new Int32Array(ref.buffer), new Said(null, ''))
  let [kills, lives, lost, random] = [0, 0, 0, seed]
  while (operationsDone(words) < operations && lost < lossesMax) {
    ref.reinit()
    const life = ++lives
    Atomics.store(words, report.LIFE, life)
    Atomics.notify(words, report.LIFE)
    random = (Math.imul(random, 48_271) >>> 0) % 2_147_483_647
    await Atomics.waitAsync(words, report.WORKERS, 0, random % 4).value
    if (withGrace && random % 3 === 0) {
      kills++
      await killInUse(ref)
    }
    kills++
    if (withGrace) await ref.killAndConfirm()
    else killWithoutGrace(struct)
    for (let worker = 1; worker <= WORKERS; worker++)
      for (let idle = 0; idle !== life; idle = Atomics.load(words, field(worker, report.IDLE)))
        await Atomics.waitAsync(words, field(worker, report.IDLE), idle, 1000).value
    const isLost = struct.count !== 0
    if (isLost) lost++
    // Broken counts are for this life only.
    Atomics.store(struct.words, header.COUNT, 0)
    if (isLost || !withGrace) struct.setReleased()
    await ref.released()
  }
  return { operations: operationsDone(words), kills, lives, lost, early: words[report.EARLY]!, releases: words[report.RELEASES]! }
}

/** Kills a ref that stays in use, and brings it back while others count on. */
async function killInUse(ref: SharedPercpuRef): Promise<void> {
  ref.get()
  await ref.killAndConfirm()
  await ref.resurrect()
  ref.put()
}

/** The prototype of every lost count: what is on its way is not waited for. */
function killWithoutGrace(struct: SharedStruct): void {
  const killer = { worker: 0, tenancy: 1 }
  struct.kill(killer)
  const epoch = epochOf(struct.words)
  struct.gather(killer, epoch)
  struct.endSwitch(killer, epoch)
  struct.add(-1)
}
