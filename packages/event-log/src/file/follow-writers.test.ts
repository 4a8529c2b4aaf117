/// <reference lib="esnext.disposable" />
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { appendFileLog, fileStore, openFileLog, verifyFileLog } from '../file.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import type { Disk } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { openOn } from './open.ts'

const ROUNDS = Number(process.env['FOLLOW_ROUNDS'] ?? 12)
const CHILD = join(import.meta.dirname, 'follow-writer.child.ts')

/** Lets a writer work on the log and kills it after `ms`, if it has not closed the log before. */
function written(folder: string, seed: number, ms: number): Promise<{ signal: NodeJS.Signals | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=@devtrail/source', CHILD, folder, String(seed)])
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    child.stdout.once('data', () => void setTimeout(ms).then(() => child.kill('SIGKILL')))
    child.on('error', reject)
    child.on('close', (_, signal) => resolve({ signal, stderr }))
  })
}

/** The disk of a system that tells of no changes. */
const silentDisk: Disk = {
  ...nodeDisk,
  watch: (_, pollMs, look) => {
    const timer = setInterval(look, pollMs)
    return { close: () => clearInterval(timer) }
  },
}

/** Where followers are to end, once that is known. */
const goal = { last: Infinity }

/** Follows from the start to the goal. @returns how many events it got, each compared with what was to come. */
async function followed(folder: string, disk: Disk): Promise<number> {
  await using reader = await openOn(disk, folder, sampleVocabulary, { pollMs: disk === silentDisk ? 7 : 500 })
  let seq = 0
  for await (const event of reader.follow()) {
    seq++
    // A full comparison of each would be most of the test's time.
    const isCompared = event.seq !== seq || seq % 97 === 0
    expect(isCompared ? event : null).toStrictEqual(isCompared ? sampleEvent(seq) : null)
    if (seq === goal.last) break
  }
  return seq
}

/** Files in a folder, and watches, that this process has open. */
const held = (folder: string): { files: string[]; watches: string[] } => ({
  files: readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      return []
    }
  }),
  watches: process.getActiveResourcesInfo().filter((name) => name.startsWith('FSEvent')),
})

test(
  `followers see each event once, in order, over ${ROUNDS} writers that are killed or close`,
  { timeout: 60_000 + ROUNDS * 5000 },
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'devtrail-follow-'))
    const folder = join(root, 'log')
    const before = held(root)
    try {
      const following: Promise<number>[] = []
      const ends = new Set<string>()
      for (let round = 1; round <= ROUNDS; round++) {
        const writing = written(folder, round * 7919, (round * 53) % 311)
        if (round > 1 && round % 4 < 2) {
          await setTimeout((round * 29) % 201)
          following.push(followed(folder, round % 8 < 4 ? nodeDisk : silentDisk))
        }
        const { signal, stderr } = await writing
        ends.add(signal ?? 'closed')
        expect(stderr, `round ${round}`).toBe('')
      }
      const writer = await appendFileLog(folder, sampleVocabulary)
      goal.last = writer.lastSeq + 1
      await writer.append([sampleEvent(goal.last)])
      await writer.close()
      expect(await Promise.all(following)).toStrictEqual(following.map(() => goal.last))
      expect(following.length).toBeGreaterThan(ROUNDS / 3)
      expect([...ends].toSorted()).toStrictEqual(['SIGKILL', 'closed'])
      expect((await readdir(join(folder, 'segments'))).length).toBeGreaterThan(ROUNDS / 3)
      expect((await verifyFileLog(folder, sampleVocabulary)).isWhole).toBe(true)
      expect(held(root)).toStrictEqual(before)
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  },
)

type Events = AsyncIterator<AnyEvent>

test('whatever ends a follower, it leaves no file open and no watch', async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-follow-ends-'))
  try {
    const before = held(root)
    const store = fileStore(join(root, 'log'), sampleVocabulary)
    const writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(5))
    await writer.close()
    const reader = await store.open()
    const stop = new AbortController()
    const following = [reader.follow(), reader.follow({ signal: stop.signal }), reader.follow(), reader.follow()].map((events) =>
      events[Symbol.asyncIterator](),
    )
    for (const events of following) for (let seq = 1; seq <= 5; seq++) expect((await events.next()).value).toStrictEqual(sampleEvent(seq))
    const [returned, aborted, closed, idle] = following as [Events, Events, Events, Events]
    const pending = Promise.allSettled([returned.next(), aborted.next(), closed.next()])
    while (held(root).watches.length < 3) await setTimeout(1)
    await returned.return?.()
    stop.abort(new Error('enough'))
    await reader.close()
    expect(held(root)).toStrictEqual(before)
    expect(await pending).toMatchObject([
      { status: 'fulfilled', value: { done: true } },
      { status: 'rejected', reason: { message: 'enough' } },
      { status: 'rejected', reason: { code: 'closed' } },
    ])
    await expect(idle.next()).rejects.toMatchObject({ code: 'closed' })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

test('a process whose followers have ended ends', async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-follow-process-'))
  try {
    const code = `
      import { fileStore } from ${JSON.stringify(join(import.meta.dirname, '../file.ts'))}
      import { sampleEvents, sampleMeta, sampleVocabulary } from ${JSON.stringify(join(import.meta.dirname, '../samples.ts'))}
      const store = fileStore(${JSON.stringify(join(root, 'log'))}, sampleVocabulary)
      const writer = await store.create(sampleMeta())
      await writer.append(sampleEvents(5))
      await writer.close()
      const reader = await store.open()
      for await (const event of reader.follow({ to: 5 }));
      const stop = new AbortController()
      const following = [reader.follow({ signal: stop.signal }), reader.follow(), reader.follow()]
      const ends = following.map(async (events, i) => {
        for await (const event of events) if (event.seq === 5 && i === 2) break
      })
      const settled = Promise.allSettled(ends)
      await ends[2]
      await new Promise((resolve) => setTimeout(resolve, 50))
      stop.abort(new Error('enough'))
      await ends[0].catch(() => {})
      await reader.close()
      console.log((await settled).map(({ reason }) => reason?.message ?? 'ended').join(', '))`
    const args = ['--conditions=@devtrail/source', '--input-type=module-typescript', '--eval', code]
    const run = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 })
    expect(run).toMatchObject({ stdout: 'enough, this reader is closed; open another one, ended\n', stderr: '', status: 0 })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}, 30_000)

test('a follower of a log that is removed says that its segment is gone', async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-follow-gone-'))
  const folder = join(root, 'log')
  const store = fileStore(folder, sampleVocabulary, { pollMs: 20 })
  const writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(5))
  await writer.close()
  await using reader = await store.open()
  const events = reader.follow()[Symbol.asyncIterator]()
  for (let seq = 1; seq <= 5; seq++) await events.next()
  const next = events.next()
  next.catch(() => {})
  await rm(root, { recursive: true })
  await expect(next).rejects.toThrow(/00000001\.seg: byte 0: expected a segment, found no such file/)
})

test('how often is looked has to be a number of milliseconds', async () => {
  for (const pollMs of [0, -1, 0.5, Number.NaN, Infinity, 2 ** 31]) {
    await expect(openFileLog('/nowhere', sampleVocabulary, { pollMs })).rejects.toMatchObject({ code: 'bad-range' })
  }
})
