/// <reference lib="esnext.disposable" />
// oxlint-disable vitest/no-standalone-expect, vitest/expect-expect -- the crowd of followers checks what it got
import { setImmediate } from 'node:timers/promises'
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { BlockBuilder } from '../codec/block-builder.ts'
import { ByteWriter } from '../codec/bytes.ts'
import { frameBlock, segmentHeader } from '../codec/segment.ts'
import type { LogReader, LogWriter, ReadRange } from '../contract.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { appendOn } from './append.ts'
import { createOn } from './create.ts'
import { FaultyDisk } from './faulty-disk.test-support.ts'
import { Killed, LockstepProcess, compressNow } from './lockstep-disk.test-support.ts'
import { readHead } from './head.ts'
import { openOn } from './open.ts'
import { repairOn } from './repair.ts'
import { placeOf, segmentPath } from './segment-file.ts'
import { withoutSpace } from './left-open.test-support.ts'

const FOLDER = '/disk/log'
// Small, so that a short life has many segments.
const sizes = { blockEvents: 16, segmentBytes: 1700, compress: compressNow }

/** Lets all who read from a disk in memory get on until they wait. */
const drained = (): Promise<void> => setImmediate()

async function freshDisk(): Promise<FaultyDisk> {
  const disk = new FaultyDisk()
  await disk.mkdir('/disk')
  return disk
}

/** What a follower has got so far. */
class Follower {
  readonly events: AnyEvent[] = []
  readonly damages: unknown[] = []
  error: unknown = null
  readonly #stop = new AbortController()
  readonly #end: Promise<void>

  constructor(reader: LogReader, range: ReadRange = {}) {
    this.#end = this.#follow(reader, { ...range, signal: this.#stop.signal })
  }

  async #follow(reader: LogReader, range: ReadRange): Promise<void> {
    try {
      for await (const event of reader.follow(range)) this.events.push(event)
    } catch (error) {
      if (!this.#stop.signal.aborted) this.error = error
    }
    await reader.close()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#end
  }
}

/** Those who follow the log on a disk; more come by and by. */
class Crowd {
  readonly #disk: FaultyDisk
  readonly #opening: Promise<Follower>[] = []

  constructor(disk: FaultyDisk) {
    this.#disk = disk
  }

  /** One more, which may come in the middle of anything; only the log itself must be there. */
  join(): void {
    this.#opening.push(openOn(this.#disk, FOLDER, sampleVocabulary).then((reader) => new Follower(reader)))
  }

  async allHave(count: number): Promise<void> {
    for (const follower of await Promise.all(this.#opening)) {
      expect(follower.error).toBeNull()
      expect(follower.events.at(-1)?.seq).toBe(count)
      expect(follower.events).toHaveLength(count)
    }
  }

  async end(count: number): Promise<void> {
    // What looks like damage is told the second time.
    for (let looks = 0; looks < 3; looks++) {
      this.#disk.tellWatchers()
      await drained()
    }
    await this.allHave(count)
    for (const follower of await Promise.all(this.#opening)) {
      expect(follower.events).toStrictEqual(sampleEvents(count))
      await follower.stop()
    }
    expect(this.#disk.watchers).toBe(0)
  }
}

async function some(
  writer: LogWriter,
  count: number,
  level: 'written' | 'durable',
  written: (seq: number) => Promise<void>,
): Promise<void> {
  const last = writer.lastSeq + count
  await writer.append(sampleEvents(last, { first: writer.lastSeq + 1 }))
  await writer.flush(level)
  await written(last)
}

/** A log's life with rolls, closes, reopenings and compression. @returns the last `seq`. */
async function life(
  disk: LockstepProcess['disk'],
  isNew: boolean,
  written: (seq: number) => Promise<void> = async () => {},
): Promise<number> {
  const first = isNew
    ? await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary, { compress: true }, sizes)
    : await appendOn(disk, FOLDER, sampleVocabulary, sizes, { compress: true })
  await written(first.lastSeq)
  await some(first, 5, 'written', written)
  await some(first, 40, 'durable', written)
  await Promise.all([first.append(sampleEvents(first.lastSeq + 90, { first: first.lastSeq + 1 })), first.flush('durable')])
  await some(first, 1, 'written', written)
  await first.close()
  for (const compress of [false, true]) {
    const next = await appendOn(disk, FOLDER, sampleVocabulary, sizes, { compress })
    await some(next, 3, 'written', written)
    await next.close()
  }
  const last = await appendOn(disk, FOLDER, sampleVocabulary, sizes, { compress: true })
  for (const count of [20, 1, 70]) await some(last, count, 'written', written)
  await last.close()
  return last.lastSeq
}

test('at each step of a life of a log its followers have what is written, and nothing else', async () => {
  const disk = await freshDisk()
  const crowd = new Crowd(disk)
  const process = new LockstepProcess(disk, drained)
  let joined = 0
  const last = await life(process.disk, true, async (seq) => {
    await drained()
    await crowd.allHave(seq)
    if (joined++ < 6) crowd.join()
    await drained()
  })
  expect(process.steps).toBeGreaterThan(150)
  await crowd.end(last)
})

test('followers that get on a little between any two steps miss nothing and see nothing twice', { timeout: 120_000 }, async () => {
  for (let seed = 1; seed <= 60; seed++) {
    let random = seed
    const below = (n: number): number => (random = (random * 48271) % 0x7fffffff) % n
    const disk = await freshDisk()
    const crowd = new Crowd(disk)
    let isThere = false
    const process = new LockstepProcess(disk, async () => {
      if (isThere && below(40) === 0) crowd.join()
      for (let ticks = below(60); ticks > 0; ticks--) await Promise.resolve()
    })
    const last = await life(process.disk, true, async () => void (isThere = true))
    await crowd.end(last).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
  }
})

test(
  'a writer killed at any step, and the next one, take nothing from followers and give them nothing twice',
  { timeout: 300_000 },
  async () => {
    const whole = new LockstepProcess(await freshDisk(), async () => {})
    await life(whole.disk, true)
    for (let killAt = 20; killAt <= whole.steps; killAt++) {
      const disk = await freshDisk()
      const crowd = new Crowd(disk)
      let isThere = false
      const killed = new LockstepProcess(disk, drained, killAt)
      await life(killed.disk, true, async () => {
        if (!isThere) crowd.join()
        isThere = true
      }).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error
      })
      if (!isThere) continue
      for (let looks = 0; looks < 3; looks++) {
        disk.tellWatchers()
        await drained()
      }
      crowd.join()
      const last = await life(new LockstepProcess(disk, drained).disk, false)
      await crowd.end(last).catch((error: unknown) => {
        throw new Error(`killed at step ${killAt} of ${whole.steps}`, { cause: error })
      })
    }
  },
)

/** Changes one byte of a segment. */
async function flipped(disk: FaultyDisk, number: number, offset: number): Promise<void> {
  const file = await disk.open(segmentPath(FOLDER, number), 'r+')
  const byte = new Uint8Array(1)
  await file.read(byte, offset)
  await file.write(
    byte.map((b) => b ^ 8),
    offset,
  )
}

async function contentOf(disk: FaultyDisk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, 'r')
  const bytes = new Uint8Array(await file.size())
  await file.read(bytes, 0)
  return bytes
}

/** A log of one block a batch, still open. */
async function openLog(disk: FaultyDisk, lasts: readonly number[]): Promise<{ writer: LogWriter; ends: number[] }> {
  const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
  const ends: number[] = []
  for (const last of lasts) {
    await writer.append(sampleEvents(last, { first: writer.lastSeq + 1 }))
    await writer.flush('durable')
    ends.push(withoutSpace(await contentOf(disk, segmentPath(FOLDER, 1))).length)
  }
  return { writer, ends }
}

const follower = async (disk: FaultyDisk, range: ReadRange = {}): Promise<Follower> =>
  new Follower(await openOn(disk, FOLDER, sampleVocabulary), range)

const seqsOf = ({ events }: Follower): number[] => events.map(({ seq }) => seq)

test('what is written between the last look and the first wait is seen without being told of', async () => {
  const disk = await freshDisk()
  const { writer } = await openLog(disk, [3])
  const list = disk.list.bind(disk)
  const following = await follower(disk)
  let lists = 0
  disk.list = async (folder) => {
    const names = await list(folder)
    if (++lists === 1) {
      await writer.append(sampleEvents(4, { first: 4 }))
      await writer.flush('written')
    }
    return names
  }
  await drained()
  expect([lists > 0, seqsOf(following)]).toStrictEqual([true, [1, 2, 3, 4]])
  await following.stop()
})

test('damage at the end is told when a later look finds it again, with all that comes before handed out', async () => {
  const disk = await freshDisk()
  const { ends } = await openLog(disk, [3, 6, 9])
  await flipped(disk, 1, ends[1]! + 60)
  const following = await follower(disk)
  await drained()
  expect([seqsOf(following), following.error]).toStrictEqual([[1, 2, 3, 4, 5, 6], null])
  disk.tellWatchers()
  await drained()
  expect(following.error).toMatchObject({ name: 'LogDamagedError', offset: ends[1] })
  expect(disk.watchers).toBe(0)
  await following.stop()
})

test('with onDamage a follower goes on behind damage, which is told once, also when the log is repaired and written on', async () => {
  const disk = await freshDisk()
  const { writer, ends } = await openLog(disk, [3, 6, 9, 12])
  await flipped(disk, 1, ends[0]! + 60)
  await flipped(disk, 1, ends[2]! + 60)
  const damages: number[] = []
  const following = await follower(disk, { onDamage: ({ offset }) => damages.push(offset) })
  const later = async (): Promise<void> => {
    disk.tellWatchers()
    await drained()
  }
  await drained()
  expect([seqsOf(following), damages]).toStrictEqual([[1, 2, 3], []])
  await later()
  expect([seqsOf(following), damages]).toStrictEqual([[1, 2, 3, 7, 8, 9], [ends[0]]])
  await later()
  await later()
  expect([seqsOf(following), damages]).toStrictEqual([
    [1, 2, 3, 7, 8, 9],
    [ends[0], ends[2]],
  ])
  await writer.append(sampleEvents(13, { first: 13 }))
  await writer.flush('written')
  await later()
  expect(seqsOf(following)).toStrictEqual([1, 2, 3, 7, 8, 9, 13])
  await writer.close()
  await flipped(disk, 1, (await disk.stat(segmentPath(FOLDER, 1))).size - 3)
  await repairOn(disk, FOLDER)
  const next = await appendOn(disk, FOLDER, sampleVocabulary)
  await next.append(sampleEvents(next.lastSeq + 1, { first: next.lastSeq + 1 }))
  await next.close()
  await later()
  await later()
  expect(seqsOf(following)).toStrictEqual([1, 2, 3, 7, 8, 9, 13, 14])
  expect(damages.slice(0, 2)).toStrictEqual([ends[0], ends[2]])
  expect(new Set(damages).size).toBe(damages.length)
  await following.stop()
})

test('a damaged end that repair moves aside is damage to a follower, which then gets what takes its place', async () => {
  const disk = await freshDisk()
  const { ends } = await openLog(disk, [3, 6])
  await flipped(disk, 1, ends[0]! + 60)
  disk.reboot('everything')
  const damages: number[] = []
  const following = await follower(disk, { onDamage: ({ offset }) => damages.push(offset) })
  for (let looks = 0; looks < 2; looks++) {
    await drained()
    disk.tellWatchers()
  }
  await drained()
  expect([seqsOf(following), damages]).toStrictEqual([[1, 2, 3], [ends[0]]])
  expect((await repairOn(disk, FOLDER)).movedAside).not.toBeNull()
  const next = await appendOn(disk, FOLDER, sampleVocabulary)
  await next.append(sampleEvents(5, { first: 4 }))
  await next.flush('written')
  disk.tellWatchers()
  await drained()
  expect([seqsOf(following), damages]).toStrictEqual([[1, 2, 3, 4, 5], [ends[0]]])
  await following.stop()
})

test('damage in a segment that has others behind it is told as in read, and so is one that is gone', async () => {
  const disk = await freshDisk()
  await life(disk, true)
  await flipped(disk, 2, 300)
  await disk.remove(segmentPath(FOLDER, 4))
  const damages: { read: unknown[]; followed: unknown[] } = { read: [], followed: [] }
  await using reader = await openOn(disk, FOLDER, sampleVocabulary)
  const read: number[] = []
  for await (const { seq } of reader.read({ onDamage: ({ message }) => damages.read.push(message) })) read.push(seq)
  const following = await follower(disk, { onDamage: ({ message }) => damages.followed.push(message) })
  await drained()
  expect(seqsOf(following)).toStrictEqual(read)
  expect(damages.followed).toStrictEqual(damages.read)
  expect(damages.read.length).toBeGreaterThan(1)
  await following.stop()
  const strict = await follower(disk)
  await drained()
  expect(strict.error).toMatchObject({ name: 'LogDamagedError', file: segmentPath(FOLDER, 2) })
  await strict.stop()
})

test('events that come again in a later segment, as only an enemy makes them, are damage and not passed over', async () => {
  const disk = await freshDisk()
  const writer = await createOn(disk, FOLDER, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(3))
  await writer.close()
  const { logId } = await readHead(disk, FOLDER)
  const place = placeOf(logId, 2)
  const builder = new BlockBuilder(sampleVocabulary)
  for (const event of sampleEvents(3)) builder.add(event)
  const body = new ByteWriter()
  builder.finish(body)
  const file = await disk.open(segmentPath(FOLDER, 2), 'w')
  await file.write(segmentHeader(place, { firstIndex: 3, lastSeq: 3 }), 0)
  await file.write(frameBlock(body.written(), place, 64, { kind: 1, count: 3, firstIndex: 0, lastSeq: 3, synced: 0 }), 64)
  const following = await follower(disk)
  await drained()
  expect(seqsOf(following)).toStrictEqual([1, 2, 3])
  expect(following.error).toMatchObject({ file: segmentPath(FOLDER, 2), expected: 'event 3 of the log', found: 'event 0' })
  await following.stop()
})

test('a range starts a follower behind segments that it does not need', async () => {
  const disk = await freshDisk()
  const last = await life(disk, true)
  const from = last - 5
  const opened = new Set<string>()
  const reader = await openOn(disk, FOLDER, sampleVocabulary)
  const open = disk.open.bind(disk)
  disk.open = (path, flags) => {
    opened.add(path)
    return open(path, flags)
  }
  const following = new Follower(reader, { from })
  await drained()
  expect(following.events).toStrictEqual(sampleEvents(last, { first: from }))
  expect(opened.has(segmentPath(FOLDER, 1))).toBe(false)
  await following.stop()
})
