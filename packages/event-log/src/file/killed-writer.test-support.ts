/// <reference lib="esnext.disposable" />
/**
 * Writers killed with SIGKILL, one after the other at work on the same log, and what must be found after each: for the test, and
 * for the script that kills thousands.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { build } from 'vite'
import { appendFileLog, openFileLog, verifyFileLog } from '../file.ts'
import { sampleEvent, sampleVocabulary } from '../samples.ts'
import { FOLD, partsAt } from './keyframes.test-support.ts'
import { LOCK_FOLDER } from './layout.ts'
import { SIZES, type Sizes } from './sizes.ts'

/** Where a writer dies by its own hand: at the operation on the disk with that number; of a write some bytes may be written. */
export interface Operation {
  readonly at: number
  readonly how: 'before' | 'during' | 'torn'
}

/** What a child is told. */
export interface Plan {
  readonly folder: string
  readonly seed: number
  /** Null: its parent kills it. */
  readonly operation: Operation | null
  readonly atomic: boolean
  readonly compress: boolean
  readonly sizes: Sizes
}

/** The child as one file of JavaScript, which starts faster than its sources. */
export async function bundledChild(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const outDir = await mkdtemp(join(tmpdir(), 'devtrail-child-'))
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@devtrail/source'] },
    ssr: { noExternal: true, resolve: { conditions: ['@devtrail/source'] } },
    build: {
      ssr: join(import.meta.dirname, 'killed-writer.child.ts'),
      outDir,
      rolldownOptions: { output: { entryFileNames: 'child.mjs' } },
    },
  })
  return { path: join(outDir, 'child.mjs'), remove: () => rm(outDir, { recursive: true }) }
}

interface Said {
  /** Torn bytes that it cut; null when it did not come so far. */
  readonly cut: number | null
  readonly acknowledged: number
  readonly attached: readonly string[]
  readonly keyframes: readonly number[]
}

function heardOf(stdout: string): Said {
  const lines = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
  const of = (...words: readonly string[]): string[][] => lines.filter(([word]) => words.includes(word!))
  return {
    cut: of('opened').map(([, , cut]) => Number(cut))[0] ?? null,
    acknowledged: Math.max(0, ...of('written', 'durable', 'closed').map(([, seq]) => Number(seq))),
    attached: of('attached').map(([, name]) => name!),
    keyframes: of('keyframe').map(([, seq]) => Number(seq)),
  }
}

/** Runs a child until it is dead; `ms` after it began to work (or, when negative, after it was started) it is killed. */
function killed(child: string, plan: Plan, ms: number): Promise<Said> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [child, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = (after: number): void => void setTimeout(() => running.kill('SIGKILL'), after)
    if (plan.operation === null && ms < 0) kill(-ms)
    let stdout = ''
    let stderr = ''
    running.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    running.stdout.on('data', (data: Buffer) => {
      if (stdout === '' && plan.operation === null && ms >= 0) kill(ms)
      stdout += data.toString()
    })
    running.on('error', reject)
    running.on('close', (_, signal) => {
      if (signal === 'SIGKILL') resolve(heardOf(stdout))
      else reject(new Error(`the writer ended by itself: ${stderr}`))
    })
  })
}

/** What was seen of many kills. */
export interface Tally {
  kills: number
  /** Before the writer could be used; and before there was a log. */
  starting: number
  creating: number
  torn: number
  cut: number
  unfinished: number
  events: number
  attachments: number
  keyframes: number
}

export const newTally = (): Tally => ({
  kills: 0,
  starting: 0,
  creating: 0,
  torn: 0,
  cut: 0,
  unfinished: 0,
  events: 0,
  attachments: 0,
  keyframes: 0,
})

/** A log, and what writers that are dead claimed of it. */
class KilledLog {
  readonly folder: string
  #last = 0
  #torn = 0
  readonly #attached = new Set<string>()
  readonly #keyframes = new Set<number>()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Holds what is found against what was claimed. */
  async check(said: Said, tally: Tally, verifies: boolean): Promise<void> {
    tally.kills++
    if (said.cut === null) tally.starting++
    await this.#checkLeftovers(tally)
    const names: readonly string[] = await readdir(this.folder).catch(() => [])
    if (!names.includes('log.json')) {
      tally.creating++
      assert.deepEqual([this.#last, said.acknowledged, said.attached], [0, 0, []], 'a log that was promised is there')
      return
    }
    if (said.cut !== null) {
      assert.equal(said.cut, this.#torn, 'what was torn is cut and reported')
      if (said.cut > 0) tally.cut++
    }
    for (const name of said.attached) this.#attached.add(name)
    for (const seq of said.keyframes) this.#keyframes.add(seq)
    tally.unfinished += (await readdir(join(this.folder, 'segments'))).filter((name) => name.endsWith('~')).length
    await this.#read(Math.max(this.#last, said.acknowledged), tally)
    if (!verifies) return
    const { isWhole, damages } = await verifyFileLog(this.folder, sampleVocabulary)
    assert.deepEqual([isWhole, damages.map(String)], [true, []])
  }

  /** What killed writers of atomic logs leave is removed by the next one: there is never more than one of it. */
  async #checkLeftovers(tally: Tally): Promise<void> {
    const leftovers = (await readdir(dirname(this.folder))).filter((name) => name.startsWith(`.${basename(this.folder)}.`))
    assert.ok(leftovers.length <= 1, `left behind: ${leftovers.join(', ')}`)
    tally.unfinished += leftovers.length
  }

  async #read(atLeast: number, tally: Tally): Promise<void> {
    await using reader = await openFileLog(this.folder, sampleVocabulary)
    let seq = 0
    for await (const event of reader.read()) {
      seq++
      // A full comparison of each would be most of the time.
      if (event.seq !== seq || seq % 97 === 0) assert.deepEqual(event, sampleEvent(seq))
    }
    assert.equal(seq, reader.lastSeq)
    assert.ok(seq >= atLeast, `${atLeast} events were acknowledged, ${seq} are there`)
    const attachments = (await reader.attachments()).map(({ name }) => name)
    for (const name of this.#attached) assert.ok(attachments.includes(name), `${name} was acknowledged`)
    for (const name of attachments) {
      const fill = Number(name.slice('at-'.length)) % 256
      assert.ok((await reader.attachment(name)).every((byte) => byte === fill))
    }
    const keyframes = await reader.keyframes(FOLD)
    for (const at of this.#keyframes) assert.ok(keyframes.includes(at), `the keyframe at ${at} was acknowledged`)
    for (const at of keyframes.slice(-3)) assert.deepEqual((await reader.keyframe(FOLD, at))?.parts, partsAt(at))
    tally.events += seq - this.#last
    if (reader.tornTail !== null) tally.torn++
    this.#last = seq
    this.#torn = reader.tornTail?.bytes ?? 0
    tally.attachments = Math.max(tally.attachments, attachments.length)
    tally.keyframes = Math.max(tally.keyframes, keyframes.length)
  }

  /** A writer that is not killed goes on, and no dead one's lock is left. */
  async goOn(): Promise<void> {
    const names: readonly string[] = await readdir(this.folder).catch(() => [])
    if (!names.includes('log.json')) return
    await using writer = await appendFileLog(this.folder, sampleVocabulary)
    assert.deepEqual([writer.lastSeq, writer.cutTail?.bytes ?? 0], [this.#last, this.#torn])
    assert.equal((await readdir(join(this.folder, LOCK_FOLDER))).length, 1)
  }
}

/** Kills a log's life has, so that its creation is hit, too, and it stays small. */
const KILLS_OF_A_LOG = 8

/** Kills `kills` writers of some logs, one log after the other. @throws AssertionError saying which promise was broken. */
export async function killWriters(root: string, child: string, kills: number, seed: number, tally: Tally): Promise<void> {
  let random = 1 + (seed % 0x7ffffffe)
  const below = (n: number): number => {
    random = (random * 48271) % 0x7fffffff
    return random % n
  }
  for (let done = 0; done < kills;) {
    const log = new KilledLog(join(root, `log-${seed}-${done}`))
    const kind = below(4)
    const shape = {
      atomic: below(4) === 0,
      compress: kind === 3,
      // As they are; segments of a few blocks; blocks of a few events; segments large enough to be hit when they are compressed.
      sizes: [
        SIZES,
        { blockEvents: 64, segmentBytes: 20_000 },
        { blockEvents: 5, segmentBytes: 3000 },
        { ...SIZES, segmentBytes: 150_000 },
      ][kind]!,
    }
    for (let life = Math.min(KILLS_OF_A_LOG, kills - done); life > 0; life--, done++) {
      const operation: Operation | null =
        below(4) === 0 ? null : { at: 1 + below(below(3) === 0 ? 300 : 40), how: (['before', 'during', 'torn'] as const)[below(3)]! }
      const plan: Plan = { folder: log.folder, seed: 1 + below(0x7ffffff0), operation, ...shape }
      const ms = below(3) === 0 ? -1 - below(120) : below(60)
      try {
        await log.check(await killed(child, plan, ms), tally, done % 5 === 0)
      } catch (error) {
        throw new Error(`kill ${done} of seed ${seed}: ${JSON.stringify({ ...plan, ms })}`, { cause: error })
      }
    }
    await log.goOn()
    await rm(log.folder, { recursive: true, force: true })
  }
}
