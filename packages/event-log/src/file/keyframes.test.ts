/// <reference lib="esnext.disposable" />
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import type { Keyframe } from '../contract.ts'
import type { LogDamagedError } from '../errors.ts'
import { appendFileLog, createFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { KEYFRAME_BYTES_MAX, PART_BYTES_MAX } from '../limits.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import type { Disk, DiskFile } from './disk.ts'
import { nodeDisk } from './node-disk.ts'
import { FOLD, changesAt, partsAt } from './keyframes.test-support.ts'
import { keyframeName } from './layout.ts'
import { openOn } from './open.ts'

let root: string
const roots: string[] = []
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-keyframes-'))
  roots.push(root)
})
afterAll(() => Promise.all(roots.map((r) => rm(r, { recursive: true, force: true }))))

const pathOf = (folder: string, seq: number): string => join(folder, 'keyframes', FOLD, keyframeName(seq))
const namesIn = (folder: string): string[] => readdirSync(join(folder, 'keyframes', FOLD)).toSorted()

/** A log of `last` events with keyframes that hold the changes since the one before. */
async function logWith(last: number, seqs: readonly number[], name = 'log'): Promise<string> {
  const folder = join(root, name)
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(last, { baseline: 2 }))
  for (const [i, at] of seqs.entries()) await writer.keyframe(FOLD, changesAt(at, seqs[i - 1] ?? null))
  await writer.close()
  return folder
}

async function found(folder: string, atOrBefore = Infinity): Promise<{ keyframe: Keyframe | null; damages: LogDamagedError[] }> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  const damages: LogDamagedError[] = []
  return { keyframe: await reader.keyframe(FOLD, atOrBefore, { onDamage: (d) => damages.push(d) }), damages }
}

async function flip(path: string, offset: number): Promise<void> {
  const bytes = readFileSync(path)
  bytes[offset]! ^= 4
  await writeFile(path, bytes)
}

/** A real disk that tells what is read, and can hold back writing. */
class WatchedDisk {
  readonly opened: string[] = []
  bytes = 0
  readonly disk: Disk = {
    ...nodeDisk,
    open: async (path, flags) => {
      const file = await nodeDisk.open(path, flags)
      if (path.includes('/keyframes/')) this.opened.push(path)
      return this.#watched(path, file)
    },
  }
  hold: Promise<void> = Promise.resolve()

  #watched(path: string, file: DiskFile): DiskFile {
    return {
      read: async (into, position) => {
        const read = await file.read(into, position)
        if (path.includes('/keyframes/')) this.bytes += read
        return read
      },
      write: async (bytes, position) => {
        if (path.includes('/keyframes/')) await this.hold
        await file.write(bytes, position)
      },
      sync: () => file.sync(),
      truncate: (size) => file.truncate(size),
      size: () => file.size(),
      id: () => file.id(),
      close: () => file.close(),
    }
  }
}

const noise = (n: number): Uint8Array => Uint8Array.from({ length: 3000 }, (_, i) => (i * i + n * 7) % 251)

test('loading opens each file once and reads nothing of it that is not needed', async () => {
  const folder = join(root, 'log')
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(30))
  const all = Array.from({ length: 30 }, (_, i) => [`part-${i}`, noise(i)] as const)
  await writer.keyframe(FOLD, { at: 1, since: null, parts: [...all, ['unneeded', new Uint8Array(2 << 20).map((_, i) => (i * i) % 253)]] })
  for (let at = 2; at <= 30; at++) {
    await writer.keyframe(FOLD, {
      at,
      since: at - 1,
      parts: [
        [`part-${at}`, noise(at)],
        ['unneeded', at === 30 ? null : noise(at * 9)],
      ],
    })
  }
  await writer.close()
  const watched = new WatchedDisk()
  await using reader = await openOn(watched.disk, folder, sampleVocabulary)
  const keyframe = (await reader.keyframe(FOLD, 30))!
  expect([keyframe.parts.size, keyframe.parts.get('part-0'), keyframe.parts.get('part-30')]).toStrictEqual([31, noise(0), noise(30)])
  expect([new Set(watched.opened).size, watched.opened.length]).toStrictEqual([30, 30])
  const table = readFileSync(pathOf(folder, 30)).readUInt32LE(44)
  expect(watched.bytes).toBe(31 * 3000 + 64 + table)
})

function random(length: number): Uint8Array {
  let n = length
  return Uint8Array.from({ length }, () => (n = (n * 48271) % 0x7fffffff) & 0xff)
}

test('parts past a piece of I/O come back, packed and not', async () => {
  const folder = join(root, 'log')
  await using writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(1))
  const parts = {
    a: random(700_000),
    b: random(700_000),
    c: random(1),
    d: random(3 << 20),
    e: new Uint8Array(5 << 20).fill(3),
    f: random(5),
  }
  await writer.keyframe(FOLD, { since: null, parts: Object.entries(parts) })
  expect(readFileSync(pathOf(folder, 1)).length).toBeLessThan(5 << 20)
  const { keyframe } = await found(folder)
  for (const [name, bytes] of Object.entries(parts)) expect(Buffer.compare(keyframe!.parts.get(name)!, bytes)).toBe(0)
})

test('a keyframe whole has as many bytes as the limit and no more, over all its files', { timeout: 60_000 }, async () => {
  const folder = join(root, 'log')
  await using writer = await createFileLog(folder, sampleMeta(), sampleVocabulary)
  const count = KEYFRAME_BYTES_MAX / PART_BYTES_MAX
  await writer.append(sampleEvents(count + 1))
  const large = new Uint8Array(PART_BYTES_MAX)
  for (let at = 1; at <= count; at++) await writer.keyframe(FOLD, { at, since: at === 1 ? null : at - 1, parts: [[`part-${at}`, large]] })
  const more = writer.keyframe(FOLD, { since: count, parts: [['more', new Uint8Array(1)]] })
  await expect(more).rejects.toMatchObject({ code: 'bad-keyframe', message: 'a keyframe has at most 1073741824 bytes' })
  await writer.keyframe(FOLD, {
    since: count,
    parts: [
      ['more', new Uint8Array(1)],
      ['part-1', large.subarray(1)],
    ],
  })
})

test('appending goes on while a keyframe is being written, and closing waits for it', async () => {
  const folder = join(root, 'log')
  const watched = new WatchedDisk()
  const writer = await createOn(watched.disk, folder, sampleMeta(), sampleVocabulary)
  await writer.append(sampleEvents(3))
  const { promise, resolve: go } = Promise.withResolvers<void>()
  watched.hold = promise
  const storing = writer.keyframe(FOLD, changesAt(3, null))
  await writer.append(sampleEvents(9, { first: 4 }))
  expect(await writer.flush('durable')).toBe('durable')
  let closed = false
  const closing = writer.close().then(() => (closed = true))
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect([await eventsOf(reader), await reader.keyframes(FOLD), closed]).toStrictEqual([sampleEvents(9), [], false])
  await expect(appendFileLog(folder, sampleVocabulary)).rejects.toMatchObject({ code: 'locked' })
  go()
  expect([await storing, await closing]).toStrictEqual(['durable', true])
  expect((await found(folder)).keyframe).toStrictEqual({ seq: 3, parts: partsAt(3) })
})

test('an atomic log that is discarded waits for what is being written, and leaves nothing', async () => {
  const watched = new WatchedDisk()
  const writer = await createOn(watched.disk, join(root, 'log'), sampleMeta(), sampleVocabulary, { atomic: true })
  await writer.append(sampleEvents(3))
  const { promise, resolve: go } = Promise.withResolvers<void>()
  watched.hold = promise
  const storing = writer.keyframe(FOLD, changesAt(3, null))
  while (watched.opened.length === 0) await nodeDisk.list(root)
  let discarded = false
  const discarding = writer[Symbol.asyncDispose]().then(() => (discarded = true))
  for (let i = 0; i < 100; i++) expect(await nodeDisk.list(root)).toHaveLength(1)
  expect(discarded).toBe(false)
  go()
  expect([await storing, await discarding]).toStrictEqual(['buffered', true])
  expect(readdirSync(root)).toStrictEqual([])
})

test('an atomic log is published with its keyframes, all of them there, and acknowledges none before', async () => {
  const folder = join(root, 'log')
  const writer = await createFileLog(folder, sampleMeta(), sampleVocabulary, { atomic: true })
  await writer.append(sampleEvents(9))
  expect(await writer.keyframe(FOLD, changesAt(5, null))).toBe('buffered')
  void writer.keyframe(FOLD, changesAt(9, 5))
  await writer.close()
  expect(namesIn(folder)).toStrictEqual(['000000000005.kf', '000000000009.kf'])
  expect((await found(folder)).keyframe).toStrictEqual({ seq: 9, parts: partsAt(9) })
})

test('a damaged keyframe is passed over for an older one, told, named by verify, and removed by repair with those that need it', async () => {
  const folder = await logWith(200, [20, 60, 65, 140])
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, keyframes: 4, damages: [] })
  // The first part in the file of 60 is one that every keyframe makes anew; it is needed by no other.
  await flip(pathOf(folder, 60), 64)
  for (const [at, seq] of [
    [200, 140],
    [139, 65],
    [64, 20],
  ] as const) {
    const { keyframe, damages } = await found(folder, at)
    expect(keyframe).toStrictEqual({ seq, parts: partsAt(seq) })
    expect(damages.map((d) => [d.file, d.offset, d.message.includes('expected part "always", found a wrong checksum')])).toStrictEqual(
      seq === 20 ? [[pathOf(folder, 60), 64, true]] : [],
    )
  }
  const verified = await verifyFileLog(folder, sampleVocabulary)
  expect([verified.isWhole, verified.keyframes, verified.damages.map((d) => d.file)]).toStrictEqual([false, 4, [pathOf(folder, 60)]])
  const writer = await appendFileLog(folder, sampleVocabulary)
  await expect(writer.keyframe(FOLD, changesAt(60, 20))).rejects.toMatchObject({ code: 'exists' })
  await writer.close()

  // That of 65 has parts in the file of 60, that of 140 one in the file of 65.
  const repair = await repairFileLog(folder)
  expect(repair).toMatchObject({ rebuilt: [], lost: [], removedKeyframes: [60, 65, 140].map((seq) => pathOf(folder, seq)) })
  expect(namesIn(folder)).toStrictEqual([keyframeName(20)])
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, keyframes: 1 })
  const again = await appendFileLog(folder, sampleVocabulary)
  await again.keyframe(FOLD, changesAt(60, 20))
  await again.close()
  expect(await found(folder, 99)).toStrictEqual({ keyframe: { seq: 60, parts: partsAt(60) }, damages: [] })
})

test('without anybody to tell, a damaged keyframe is passed over all the same; changes to it are refused', async () => {
  const folder = await logWith(200, [20, 60])
  await flip(pathOf(folder, 60), 5)
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect((await reader.keyframe(FOLD, 200))?.seq).toBe(20)
  await flip(pathOf(folder, 20), 5)
  expect(await reader.keyframe(FOLD, 200)).toBeNull()
  expect(await eventsOf(reader)).toHaveLength(202)
  await using writer = await appendFileLog(folder, sampleVocabulary)
  await expect(writer.keyframe(FOLD, changesAt(80, 60))).rejects.toThrow(
    /060\.kf: byte 0: expected a keyframe's header, found a header with/,
  )
  await expect(writer.keyframe(FOLD, changesAt(80, 40))).rejects.toMatchObject({ code: 'not-found' })
  await writer.keyframe(FOLD, changesAt(80, null))
  expect((await reader.keyframe(FOLD, 200))?.parts).toStrictEqual(partsAt(80))
})

test('a file that is gone is told once, and those that need it are not found', async () => {
  const folder = await logWith(200, [20, 60, 100])
  await rm(pathOf(folder, 20))
  const { keyframe, damages } = await found(folder)
  expect(keyframe).toBeNull()
  expect(damages.map((d) => [d.file, d.found])).toStrictEqual([
    [pathOf(folder, 20), 'no such file'],
    [pathOf(folder, 20), 'no such file'],
  ])
  const verified = await verifyFileLog(folder, sampleVocabulary)
  expect(verified.damages.map((d) => [d.file, d.found])).toStrictEqual([[pathOf(folder, 20), 'no such file']])
  expect((await repairFileLog(folder)).removedKeyframes).toStrictEqual([60, 100].map((seq) => pathOf(folder, seq)))
})

test('a file under the name of another seq, fold or log, cut or grown, is damage', async () => {
  const folder = await logWith(200, [20, 60])
  const other = await logWith(200, [20, 60], 'other')
  const whole = readFileSync(pathOf(folder, 60))
  const { length } = whole
  const checksum = 'a header with a wrong checksum'
  const cases: readonly (readonly [Buffer, string])[] = [
    [readFileSync(pathOf(folder, 20)), checksum],
    [readFileSync(pathOf(other, 60)), checksum],
    [Buffer.concat([whole, Buffer.of(0)]), `a file of ${length + 1} bytes that should have ${length}`],
    ...whole.keys().map((n) => [whole.subarray(0, n), n < 64 ? `${n} bytes` : `a file of ${n} bytes that should have ${length}`] as const),
  ]
  for (const [bytes, what] of cases) {
    await writeFile(pathOf(folder, 60), bytes)
    const { keyframe, damages } = await found(folder)
    expect([keyframe?.seq, damages.map((d) => [d.file, d.found])]).toStrictEqual([20, [[pathOf(folder, 60), what]]])
  }
  await writeFile(pathOf(folder, 60), whole)
  await cp(join(folder, 'keyframes', FOLD), join(folder, 'keyframes', 'sample-2'), { recursive: true })
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect([await reader.keyframes('sample-2'), await reader.keyframe('sample-2', 200)]).toStrictEqual([[20, 60], null])
  expect((await verifyFileLog(folder, sampleVocabulary)).damages).toHaveLength(2)
})

test('what no writer names is no keyframe', async () => {
  const folder = await logWith(200, [20])
  const bytes = readFileSync(pathOf(folder, 20))
  const names = ['20.kf', '0000000000020.kf', '000000000000.kf', '000000000020.kf~', '9999999999999999.kf', 'mine.txt']
  for (const name of names) await writeFile(join(folder, 'keyframes', FOLD, name), bytes)
  await writeFile(join(folder, 'keyframes', 'file'), 'mine')
  await mkdir(join(folder, 'keyframes', 'Not a fold'))
  {
    await using reader = await openFileLog(folder, sampleVocabulary)
    expect([await reader.keyframes(FOLD), await reader.keyframes('file')]).toStrictEqual([[20], []])
  }
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, keyframes: 1 })
  await (await appendFileLog(folder, sampleVocabulary)).close()
  expect(namesIn(folder)).toStrictEqual([keyframeName(20), ...names.filter((name) => !name.endsWith('~'))].toSorted())
  expect(existsSync(join(folder, 'keyframes', 'file'))).toBe(true)
})

test('a writer that is told which folds are asked of removes the keyframes of all others', async () => {
  const folder = await logWith(9, [3, 7])
  const other = 'sample-0'
  {
    await using writer = await appendFileLog(folder, sampleVocabulary)
    await writer.keyframe(other, { at: 5, since: null, parts: [['a', new Uint8Array(3)]] })
  }
  await (await appendFileLog(folder, sampleVocabulary)).close()
  expect(readdirSync(join(folder, 'keyframes')).toSorted()).toStrictEqual([other, FOLD].toSorted())
  await (await appendFileLog(folder, sampleVocabulary, { folds: [FOLD, 'sample-2'] })).close()
  expect(readdirSync(join(folder, 'keyframes'))).toStrictEqual([FOLD])
  await using reader = await openFileLog(folder, sampleVocabulary)
  expect([await reader.keyframes(FOLD), await reader.keyframes(other)]).toStrictEqual([[3, 7], []])
})
