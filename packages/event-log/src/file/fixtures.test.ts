/// <reference lib="esnext.disposable" />
/** Logs that were written long ago are read, checked and gone on with: see fixtures/README.md. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Vocabulary, declareEvents, eventFromJson, eventToJson, f, type AnyEvent, type Json } from '@devtrail/events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { appendFileLog, compressFileLog, openFileLog, verifyFileLog } from '../file.ts'
import { firstVocabulary, fixtureAttachment, fixtureEvents, fixtureParts, movedInBytes, secondVocabulary } from './fixtures.test-support.ts'
import { printed, readSecond } from './second-reader.test-support.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures')
const BYTES_MAX = 200 * 1024

/** A vocabulary of today, in which `fixture/moved` is at version 3. */
const today = new Vocabulary([
  declareEvents('fixture', {
    ...firstVocabulary.catalogues[0]!.declarations,
    moved: {
      version: 3,
      doc: 'x',
      fields: { kib: f.count('x'), to: f.string('x') },
      upcasts: {
        1: ({ pages }) => ({ size: Number(pages) * 4096, to: null }),
        2: ({ size, to }) => ({ kib: Number(size) / 1024, to: to ?? 'nowhere' }),
      },
    },
  }),
])

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-fixtures-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** The lines of a fixture's `events.ndjson`. */
function linesOf(name: string): { readonly [field: string]: Json }[] {
  const lines = readFileSync(join(FIXTURES, name, 'events.ndjson'), 'utf8')
    .split('\n')
    .slice(0, -1)
  return lines.map((line) => JSON.parse(line) as { readonly [field: string]: Json })
}

async function copyOf(name: string): Promise<string> {
  const folder = await mkdtemp(join(root, `${name}-`))
  await cp(join(FIXTURES, name, 'log'), folder, { recursive: true })
  return folder
}

async function read(folder: string, vocabulary: Vocabulary, range: Parameters<typeof eventsOf>[1] = {}): Promise<AnyEvent[]> {
  await using reader = await openFileLog(folder, vocabulary)
  return await eventsOf(reader, range)
}

const names = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

test('every fixture is tested, and together they are small', () => {
  expect(names.toSorted()).toEqual(['compressed', 'plain', 'upcast'])
  const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).map((name) => statSync(join(FIXTURES, name)))
  expect(files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)).toBeLessThan(BYTES_MAX)
})

test('every kind of field is in the lines that must come back', () => {
  const kinds = Object.entries(firstVocabulary.get('fixture/kind').fields)
  expect(kinds).toHaveLength(19)
  const nullable = linesOf('plain').filter(({ type }) => type === 'fixture/kind-or-null')
  for (const [name] of kinds) {
    const values = nullable.map(({ data }) => (data as { [field: string]: Json })[name])
    expect(new Set(values.map((value) => value === null))).toEqual(new Set([true, false]))
  }
})

describe.each([
  { name: 'plain', vocabulary: firstVocabulary, written: fixtureEvents(200, { baseline: 7 }), segments: 2 },
  { name: 'compressed', vocabulary: firstVocabulary, written: fixtureEvents(200, { baseline: 7 }), segments: 2 },
  {
    name: 'upcast',
    vocabulary: secondVocabulary,
    written: [...fixtureEvents(30, { baseline: 7 }), ...fixtureEvents(60, { first: 31 }).map(movedInBytes)],
    segments: 1,
  },
])('the log "$name"', ({ name, vocabulary, written, segments }) => {
  const folder = join(FIXTURES, name, 'log')
  const lines = linesOf(name)
  const last = written.at(-1)!.seq
  const expected = lines.map((line) => eventFromJson(today, line))

  test('gives back its events, as they are today', async () => {
    expect(await read(folder, today)).toStrictEqual(expected)
    expect(await read(folder, today, { from: 0, to: 0 })).toHaveLength(7)
  })

  test('gives back what was written, line by line', async () => {
    const same = written.filter(({ type }) => type !== 'fixture/moved')
    const types = [...new Set(same.map(({ type }) => type))]
    const events = await read(folder, today, { types })
    expect(events).toStrictEqual(same)
    expect(events.map((event) => eventToJson(vocabulary, event))).toStrictEqual(lines.filter(({ type }) => type !== 'fixture/moved'))
  })

  test('gives back a part of it', async () => {
    const from = last - 25
    expect(await read(folder, today, { from })).toStrictEqual(expected.filter(({ seq }) => seq >= from))
    expect(await read(folder, today, { to: 20, types: ['fixture/kind'] })).toStrictEqual(
      expected.filter(({ seq, type }) => seq <= 20 && type === 'fixture/kind'),
    )
    expect(await read(folder, today, { devices: [null], fromEntry: 10 })).toStrictEqual(
      expected.filter(({ device, entry }) => device === null && entry !== null && entry >= 10),
    )
  })

  test('is whole, and has its meta and its attachment', async () => {
    expect(await verifyFileLog(folder, today)).toMatchObject({
      isWhole: true,
      segments,
      events: written.length,
      lastSeq: last,
      damages: [],
    })
    await using reader = await openFileLog(folder, today)
    expect(reader.meta).toEqual({ schemaVersion: 2, epoch: '1700000000000000000', source: { kind: 'fixture' }, notes: ['made up'] })
    expect(await reader.attachments()).toEqual([{ name: 'attached.bin', bytes: fixtureAttachment.length }])
    expect(Buffer.compare(await reader.attachment('attached.bin'), fixtureAttachment)).toBe(0)
  })

  test('is gone on with, and compressed', async () => {
    const copy = await copyOf(name)
    const writer = await appendFileLog(copy, today)
    expect(writer).toMatchObject({ lastSeq: last, cutTail: null })
    const more = fixtureEvents(last + 40, { first: last + 1 }).filter(({ type }) => type !== 'fixture/moved')
    const added = more.map((event, i) => ({ ...event, seq: last + 1 + i }))
    await writer.append(added)
    await writer.attach('another', fixtureAttachment)
    await writer.close()
    expect(await read(copy, today)).toStrictEqual([...expected, ...added])
    await compressFileLog(copy)
    expect(await read(copy, today)).toStrictEqual([...expected, ...added])
    expect(await verifyFileLog(copy, today)).toMatchObject({ isWhole: true, events: written.length + added.length })
    expect((await readSecond(copy)).events.slice(written.length)).toEqual(added.map((event) => printed(today, event)))
  })

  test('is read by the second reader', async () => {
    const { status, events, rest } = await readSecond(folder)
    expect(status).toBe(0)
    const versions = lines.map(({ v }) => v)
    expect(events).toEqual(written.map((event, i) => ({ ...(printed(firstVocabulary, event) as object), v: versions[i] })))
    expect(rest!.segments.every(({ compressed, blocks }) => compressed === (name === 'compressed' ? blocks : 0))).toBe(true)
  })
})

test('keyframes of then are found', async () => {
  await using reader = await openFileLog(join(FIXTURES, 'compressed/log'), today)
  expect(await reader.keyframes('fixture-1')).toEqual([50, 150])
  for (const seq of [50, 150]) {
    const keyframe = (await reader.keyframe('fixture-1', seq))!
    expect(keyframe.seq).toBe(seq)
    expect([...keyframe.parts].map(([name, bytes]) => [name, [...bytes]])).toEqual(
      fixtureParts(seq).map(([name, bytes]) => [name, [...bytes]]),
    )
  }
})

test('events of versions 1 and 2 come back as version 3', async () => {
  const moved = await read(join(FIXTURES, 'upcast/log'), today, { types: ['fixture/moved'], from: 28 })
  expect(moved.slice(0, 4).map(({ seq, data }) => ({ seq, ...data }))).toEqual([
    { seq: 28, kib: 28 * 3 * 4, to: 'nowhere' },
    { seq: 30, kib: 30 * 3 * 4, to: 'nowhere' },
    { seq: 32, kib: 16, to: 'nowhere' },
    { seq: 36, kib: 18, to: 'nowhere' },
  ])
  expect(moved.at(4)!.data).toEqual({ kib: 19, to: 'System RAM' })
})
