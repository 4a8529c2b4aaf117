/// <reference lib="esnext.disposable" />
// oxlint-disable vitest/no-conditional-expect -- what a killed writer leaves differs from round to round
import { spawn } from 'node:child_process'
import { watch, type FSWatcher } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appendFileLog, openFileLog } from '../file.ts'
import { sampleEvent, sampleVocabulary } from '../samples.ts'
import { FOLD, partsAt } from './keyframes.test-support.ts'
import { LOCK_FOLDER } from './layout.ts'

/** Small, so that many are compressed; large enough to be hit at it. */
const SEGMENT_BYTES = 1_000_000
const CHILD = join(import.meta.dirname, 'killed-writer.child.ts')

interface Killed {
  readonly acknowledged: number
  readonly attached: readonly string[]
  readonly keyframes: readonly number[]
  readonly cut: number
  readonly stderr: string
}

/**
 * Lets a writer work on the log, kills it after `ms` of work (or of starting, when negative), and says what it claimed.
 * One that compresses is killed early where it is seen to make a segment anew.
 */
function killedAfter(folder: string, seed: number, ms: number, compress: boolean): Promise<Killed> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      '--conditions=@devtrail/source',
      CHILD,
      folder,
      String(seed),
      compress ? String(SEGMENT_BYTES) : '',
    ])
    const kill = (after: number): unknown => setTimeout(() => child.kill('SIGKILL'), after)
    if (ms < 0) kill(-ms)
    let watcher: FSWatcher | null = null
    const killAtCompression = (): void => {
      if (!compress) return
      watcher = watch(join(folder, 'segments'), (_, name) => void (name?.endsWith('~') && child.kill('SIGKILL')))
    }
    let stdout = ''
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    child.stdout.on('data', (data: Buffer) => {
      if (stdout === '' && ms >= 0) {
        kill(compress ? ms * 10 : ms)
        killAtCompression()
      }
      stdout += data.toString()
    })
    child.on('error', reject)
    child.on('close', () => {
      watcher?.close()
      const said = stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' '))
      const acknowledged = said.filter(([word]) => word === 'written' || word === 'durable').map(([, seq]) => Number(seq))
      resolve({
        acknowledged: acknowledged.at(-1) ?? 0,
        attached: said.filter(([word]) => word === 'attached').map(([, name]) => name ?? ''),
        keyframes: said.filter(([word]) => word === 'keyframe').map(([, seq]) => Number(seq)),
        cut: Number(said.find(([word]) => word === 'opened')?.[2] ?? 0),
        stderr,
      })
    })
  })
}

/** Reads the whole log, checks each event against what was written, and gives the last number and the torn bytes. */
async function checkedEnd(folder: string): Promise<{ lastSeq: number; torn: number; attachments: string[]; keyframes: readonly number[] }> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  let seq = 0
  for await (const event of reader.read()) {
    seq++
    // A full comparison of each would be most of the test's time.
    if (event.seq !== seq || seq % 97 === 0) expect(event).toStrictEqual(sampleEvent(seq))
  }
  expect(seq).toBe(reader.lastSeq)
  const attachments = (await reader.attachments()).map((a) => a.name)
  for (const name of attachments) {
    const fill = Number(name.slice('at-'.length)) % 256
    expect((await reader.attachment(name)).every((byte) => byte === fill)).toBe(true)
  }
  const keyframes = await reader.keyframes(FOLD)
  for (const at of keyframes) expect((await reader.keyframe(FOLD, at))?.parts).toStrictEqual(partsAt(at))
  return { keyframes, lastSeq: seq, torn: reader.tornTail?.bytes ?? 0, attachments }
}

test.each([
  ['a writer', 36, false],
  ['a writer that compresses', 18, true],
])('%s killed %i times loses nothing it acknowledged, and the next one goes on', { timeout: 120_000 }, async (_, rounds, compress) => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-killed-'))
  let folder = join(root, 'log-0')
  let before = 0
  let torn = 0
  let unfinished = 0
  const attached: string[] = []
  const keyframes: number[] = []
  try {
    for (let round = 1; round <= rounds; round++) {
      const startingUp = round % 6 === 0
      // A few rounds each on a new log, so that its creation is hit, too, and it stays small.
      if (round % 12 === 1) {
        folder = join(root, `log-${round}`)
        before = 0
        torn = 0
        attached.length = 0
        keyframes.length = 0
      }
      const killed = await killedAfter(folder, round * 7919, startingUp ? -(round * 37) % 211 || -60 : (round * 53) % 131, compress)
      expect(killed.stderr, `round ${round}`).toBe('')
      const created = await readdir(folder).then(
        (names) => names.includes('log.json'),
        () => false,
      )
      if (!created) {
        expect([before, killed.acknowledged]).toStrictEqual([0, 0])
        continue
      }
      unfinished += (await readdir(join(folder, 'segments'))).filter((name) => name.endsWith('~')).length
      const end = await checkedEnd(folder)
      expect(end.lastSeq, `round ${round}`).toBeGreaterThanOrEqual(Math.max(before, killed.acknowledged))
      if (killed.cut > 0) expect(killed.cut, `round ${round}: the cut was reported`).toBe(torn)
      attached.push(...killed.attached)
      expect(end.attachments).toEqual(expect.arrayContaining(attached))
      keyframes.push(...killed.keyframes)
      expect(end.keyframes).toEqual(expect.arrayContaining(keyframes))
      before = end.lastSeq
      torn = end.torn
    }
    await using writer = await appendFileLog(folder, sampleVocabulary)
    expect(writer.lastSeq).toBe(before)
    expect((await readdir(join(folder, LOCK_FOLDER))).length).toBe(1)
    expect(unfinished > 0).toBe(compress)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
