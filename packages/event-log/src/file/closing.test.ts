/// <reference lib="esnext.disposable" />
import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { createOn } from './create.ts'
import { nodeDisk } from './node-disk.ts'

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'devtrail-closing-')), 'log')
})
afterEach(() => rm(join(folder, '..'), { recursive: true }))

const segments = (): string[] =>
  readdirSync(join(folder, 'segments'))
    .toSorted()
    .map((name) => join(folder, 'segments', name))
const recorded = (): unknown => (JSON.parse(readFileSync(join(folder, 'log.json'), 'utf8')) as { closed?: unknown }).closed

/** A closed log of some segments. @returns the last one. */
async function closedLog(): Promise<string> {
  const writer = await createOn(nodeDisk, folder, sampleMeta(), sampleVocabulary, {}, { blockEvents: 4, segmentBytes: 600 })
  expect(recorded()).toBeUndefined()
  await writer.append(sampleEvents(29, { baseline: 1 }))
  await writer.flush('written')
  // Alone in its block, which is in the last segment.
  await writer.append([sampleEvent(30)])
  await writer.close()
  expect(recorded()).toStrictEqual({ events: 31, lastSeq: 30 })
  expect(segments().length).toBeGreaterThan(2)
  return segments().at(-1)!
}

async function expectLost(file: string): Promise<void> {
  const { isWhole, damages, lastSeq } = await verifyFileLog(folder, sampleVocabulary)
  expect([isWhole, damages.map((d) => d.file)]).toStrictEqual([false, [file]])
  expect(damages[0]!.message).toMatch(
    /expected 31 events up to seq 30, as when the log was closed, found \d+ up to seq \d+; .*`devtrail repair`/,
  )
  {
    await using reader = await openFileLog(folder, sampleVocabulary)
    await expect(eventsOf(reader)).rejects.toThrow(/as when the log was closed/)
    expect(await eventsOf(reader, { to: lastSeq })).toHaveLength(lastSeq + 1)
  }
  await expect(appendFileLog(folder, sampleVocabulary)).rejects.toThrow(/as when the log was closed/)
  expect((await repairFileLog(folder)).lost).toHaveLength(1)
  expect((await verifyFileLog(folder, sampleVocabulary)).isWhole).toBe(true)
  await using writer = await appendFileLog(folder, sampleVocabulary)
  await writer.append([sampleEvent(lastSeq + 1)])
}

test('a log that was closed and then lost the end of its last segment is damaged, and is no torn tail only', async () => {
  const last = await closedLog()
  await truncate(last, 84)
  await expectLost(last)
})

test('and one that lost all of it', async () => {
  await unlink(await closedLog())
  await expectLost(segments().at(-1)!)
})

test('a log that was closed, written on and then not closed has no fewer events than before', async () => {
  const last = await closedLog()
  const head = readFileSync(join(folder, 'log.json'))
  const writer = await appendFileLog(folder, sampleVocabulary)
  await writer.append([sampleEvent(31)])
  await writer.flush('durable')
  const left = readFileSync(last)
  await writer.close()
  expect(recorded()).toStrictEqual({ events: 32, lastSeq: 31 })
  await writeFile(join(folder, 'log.json'), head)
  await writeFile(last, left)
  expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({ isWhole: true, lastSeq: 31, damages: [] })
})

/** Waits until there are so many of something. */
async function until(count: () => number, wanted: number): Promise<void> {
  for (const end = Date.now() + 20_000; count() < wanted;) {
    if (Date.now() > end) throw new Error(`${count()} of ${wanted} after 20 s`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test.each([
  ['from its start', 0],
  ['from its end', 31],
])('who follows a log whose end is missing is told once, %s, and goes on when it is repaired', async (_, from) => {
  const last = await closedLog()
  await truncate(last, 84)
  await using reader = await openFileLog(folder, sampleVocabulary, { pollMs: 20 })
  const kept = reader.lastSeq
  const damages: string[] = []
  const seen: number[] = []
  const following = (async () => {
    for await (const { seq } of reader.follow({ from, to: 32, onDamage: (d) => damages.push(d.message) })) seen.push(seq)
  })()
  await until(() => damages.length, 1)
  expect([seen.length, damages[0]]).toStrictEqual([from === 0 ? kept + 1 : 0, expect.stringMatching(/as when the log was closed/)])
  await repairFileLog(folder)
  const writer = await appendFileLog(folder, sampleVocabulary)
  await writer.append(sampleEvents(32, { first: kept + 1 }))
  await writer.close()
  await following
  expect([seen.at(-1), seen.length, damages.length]).toStrictEqual([32, from === 0 ? 33 : 2, 1])
})

test('and who takes no damage gets what is there, and then the error', async () => {
  await truncate(await closedLog(), 84)
  await using reader = await openFileLog(folder, sampleVocabulary)
  const seen: number[] = []
  const following = (async () => {
    for await (const { seq } of reader.follow()) seen.push(seq)
  })()
  await expect(following).rejects.toThrow(/as when the log was closed/)
  expect(seen).toHaveLength(reader.lastSeq + 1)
})

test(
  'a log cut at any byte after closing: repair says what is lost, keeps the rest, and the log goes on',
  { timeout: 60_000 },
  async () => {
    const last = await closedLog()
    const [bytes, head] = [readFileSync(last), readFileSync(join(folder, 'log.json'))]
    for (let size = 0; size <= bytes.length; size += size < 200 || size > bytes.length - 40 ? 1 : 17) {
      await writeFile(last, bytes.subarray(0, size))
      await writeFile(join(folder, 'log.json'), head)
      const found = await verifyFileLog(folder, sampleVocabulary)
      const { lost } = await repairFileLog(folder)
      const expected = found.lastSeq < 30 ? ['31 events up to seq 30, as when the log was closed'] : []
      expect([size, found.damages.map((d) => d.expected), lost.map((d) => d.expected)]).toStrictEqual([size, expected, expected])
      expect(await verifyFileLog(folder, sampleVocabulary)).toMatchObject({
        isWhole: true,
        lastSeq: found.lastSeq,
        damages: [],
        tornTail: null,
      })
      await using reader = await openFileLog(folder, sampleVocabulary)
      expect(await eventsOf(reader)).toStrictEqual(sampleEvents(found.lastSeq, { baseline: 1 }))
    }
  },
)
