/// <reference lib="esnext.disposable" />
// oxlint-disable vitest/no-conditional-expect -- only events.ndjson has lines
import { openSync, closeSync, readFileSync, writeSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LogDamagedError } from '../errors.ts'
import { appendFileLog, createFileLog, openFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'

const events = sampleEvents(5, { baseline: 1 })
const attached = new Uint8Array([1, 2, 3, 0, 255])

let root: string
let pristine: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-flips-'))
  pristine = join(root, 'pristine')
  await using writer = await createFileLog(pristine, sampleMeta(), sampleVocabulary)
  await writer.append(events)
  await writer.attach('raw', attached)
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** Everything a reader tells about a log: what it yields until the first error, and that error. */
async function told(folder: string): Promise<{ events: AnyEvent[]; rest: unknown; error: unknown }> {
  const seen: AnyEvent[] = []
  try {
    await using reader = await openFileLog(folder, sampleVocabulary)
    for await (const event of reader.read()) seen.push(event)
    const rest = [reader.meta, reader.lastSeq, reader.tornTail, await reader.attachments(), await reader.attachment('raw')]
    return { events: seen, rest, error: null }
  } catch (error) {
    return { events: seen, rest: null, error }
  }
}

for (const name of ['log.json', 'events.ndjson', 'attachments.json', 'attachments/raw']) {
  test(`each flipped bit of ${name} is found and named, and nothing false is read`, { timeout: 120_000 }, async () => {
    const folder = join(root, name.replaceAll('/', '-'))
    await cp(pristine, folder, { recursive: true })
    const path = join(folder, name)
    const bytes = readFileSync(path)
    const file = openSync(path, 'r+')
    const clean = await told(folder)
    expect([clean.error, clean.events]).toStrictEqual([null, events])
    let offset = 0
    for (const byte of bytes) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        writeSync(file, Buffer.of(byte ^ bit), 0, 1, offset)
        const { events: seen, error } = await told(folder)
        const place = `byte ${offset} ^ ${bit}`
        if (!(error instanceof LogDamagedError)) throw new Error(`${place} was not reported as damage`, { cause: error })
        expect([place, error.file]).toStrictEqual([place, path])
        if (name === 'events.ndjson') {
          // Line and offset name the line that holds the bit; what comes before it is read.
          const line = bytes.subarray(0, offset).filter((b) => b === 0x0a).length + 1
          const start = bytes.lastIndexOf(0x0a, offset - 1) + 1
          expect([place, error.line, error.offset, seen]).toStrictEqual([place, line, offset === 0 ? 0 : start, events.slice(0, line - 1)])
        }
      }
      writeSync(file, Buffer.of(byte), 0, 1, offset)
      offset++
    }
    closeSync(file)
    expect(await told(folder)).toStrictEqual(clean)
  })
}

test('with onDamage reading goes on behind the damage; nothing false is read, the rest is', async () => {
  const bytes = readFileSync(join(pristine, 'events.ndjson'))
  const folder = join(root, 'on-damage')
  await cp(pristine, folder, { recursive: true })
  const file = openSync(join(folder, 'events.ndjson'), 'r+')
  for (let offset = 0; offset < bytes.length; offset += 3) {
    writeSync(file, Buffer.of(bytes[offset]! ^ 1), 0, 1, offset)
    await using reader = await openFileLog(folder, sampleVocabulary)
    const damages: LogDamagedError[] = []
    const seen: AnyEvent[] = []
    for await (const event of reader.read({ onDamage: (d) => void damages.push(d) })) seen.push(event)
    expect(damages).toHaveLength(1)
    for (const event of seen) expect(events).toContainEqual(event)
    // A changed newline costs two events, anything else one.
    expect(events.length - seen.length).toBe(bytes[offset] === 0x0a && offset < bytes.length - 1 ? 2 : 1)
    writeSync(file, Buffer.of(bytes.readUInt8(offset)), 0, 1, offset)
  }
  closeSync(file)
})

test('a log whose last event is damaged is not continued, and stays as it is', async () => {
  const folder = join(root, 'append')
  await cp(pristine, folder, { recursive: true })
  const path = join(folder, 'events.ndjson')
  const bytes = readFileSync(path)
  const file = openSync(path, 'r+')
  for (const offset of [bytes.length - 1, bytes.length - 2, bytes.length - 30]) {
    writeSync(file, Buffer.of(bytes[offset]! ^ 4), 0, 1, offset)
    await expect(appendFileLog(folder, sampleVocabulary)).rejects.toThrow(LogDamagedError)
    expect(readFileSync(path)).toHaveLength(bytes.length)
    writeSync(file, Buffer.of(bytes.readUInt8(offset)), 0, 1, offset)
  }
  closeSync(file)
  await using writer = await appendFileLog(folder, sampleVocabulary)
  expect(writer.lastSeq).toBe(5)
})
