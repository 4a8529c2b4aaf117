/// <reference lib="esnext.disposable" />
// The child of real-disk.test.ts: does what its first argument says in the folder that its second names, and prints as JSON
// what came of each step.
import { rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { eventsOf } from '../contract-suite.ts'
import type { LogWriter } from '../contract.ts'
import { appendFileLog, createFileLog, openFileLog, repairFileLog, verifyFileLog } from '../file.ts'
import { sampleEvents, sampleMeta, sampleVocabulary } from '../samples.ts'
import { FOLD, changesAt } from './keyframes.test-support.ts'

const [scenario = '', disk = ''] = process.argv.slice(2)
const folder = join(disk, 'log')
const filler = join(disk, 'filler')

/** What a call came to: what it resolved to, or the message of its error. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    const value = await call()
    return typeof value === 'object' && value !== null ? 'done' : value
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}

const create = (name: string, atomic = false): Promise<LogWriter> =>
  createFileLog(join(disk, name), sampleMeta(), sampleVocabulary, { atomic })

/** Leaves less than a page free. */
function fill(path: string): void {
  writeFileSync(path, '')
  for (let bytes = 1 << 20; bytes >= 512; bytes /= 2) {
    for (;;) {
      try {
        writeFileSync(path, new Uint8Array(bytes), { flag: 'a' })
      } catch {
        break
      }
    }
  }
}

async function more(writer: LogWriter, count = 200): Promise<unknown> {
  const first = writer.lastSeq + 1
  await writer.append(sampleEvents(writer.lastSeq + count, { first }))
  return await writer.flush('durable')
}

/** Whether the log is whole and all its events are the right ones; and their number. */
async function found(): Promise<object> {
  const { isWhole, lastSeq, tornTail, damages } = await verifyFileLog(folder, sampleVocabulary)
  await using reader = await openFileLog(folder, sampleVocabulary)
  const areRight = isDeepStrictEqual(await eventsOf(reader), sampleEvents(lastSeq))
  return {
    isWhole,
    lastSeq,
    areRight,
    torn: (tornTail?.bytes ?? 0) > 0,
    damages: damages.map(String),
    attachments: await reader.attachments(),
  }
}

async function attachment(): Promise<string> {
  await using reader = await openFileLog(folder, sampleVocabulary)
  return Buffer.from(await reader.attachment('raw')).toString()
}

const scenarios: Record<string, () => Promise<object>> = {
  /** Appends until the disk is full, looks, frees space, goes on. */
  async full() {
    writeFileSync(filler, new Uint8Array(512 * 1024))
    const writer = await create('log')
    let durable = 0
    let error: unknown = null
    while (error === null) {
      const reached = await outcome(() => more(writer, 5000))
      if (reached === 'durable') durable = writer.lastSeq
      else error = reached
    }
    const after = {
      append: await outcome(() => writer.append(sampleEvents(writer.lastSeq + 1, { first: writer.lastSeq + 1 }))),
      flush: await outcome(() => writer.flush('durable')),
      close: await outcome(() => writer.close()),
    }
    fill(join(disk, 'more-filler'))
    const whileFull = {
      found: await found(),
      create: await outcome(() => create('other')),
      atomic: await outcome(() => create('other-atomic', true)),
      names: (await readdir(disk)).toSorted(),
    }
    rmSync(filler)
    const next = await appendFileLog(folder, sampleVocabulary)
    const goesOn = {
      cutTail: next.cutTail,
      from: next.lastSeq,
      more: await outcome(() => more(next)),
      close: await outcome(() => next.close()),
    }
    const other = await create('other')
    return { durable, error, after, whileFull, goesOn, found: await found(), other: await outcome(() => other.close()) }
  },
  /** The disk is full when the log is closed. */
  async close() {
    const writer = await create('log')
    await more(writer)
    const durable = writer.lastSeq
    await writer.append(sampleEvents(writer.lastSeq + 30_000, { first: writer.lastSeq + 1 }))
    fill(filler)
    const close = await outcome(() => writer.close())
    const full = await found()
    rmSync(filler)
    const next = await appendFileLog(folder, sampleVocabulary)
    return { durable, close, full, more: await outcome(() => more(next)), closed: await outcome(() => next.close()), found: await found() }
  },
  /** An attachment and a keyframe that the disk has no room for. */
  async attach() {
    const writer = await create('log')
    await more(writer)
    await writer.attach('small', Uint8Array.of(1, 2, 3))
    const attach = await outcome(() => writer.attach('large', new Uint8Array(8 << 20).fill(7)))
    const list = await found()
    fill(filler)
    const full = {
      attach: await outcome(() => writer.attach('tiny', Uint8Array.of(1))),
      keyframe: await outcome(() => writer.keyframe(FOLD, changesAt(100, null))),
    }
    rmSync(filler)
    const again = {
      attach: await outcome(() => writer.attach('large', Uint8Array.of(7))),
      keyframe: await outcome(() => writer.keyframe(FOLD, changesAt(100, null))),
    }
    return {
      attach,
      list,
      full,
      again,
      more: await outcome(() => more(writer)),
      close: await outcome(() => writer.close()),
      found: await found(),
    }
  },
  /** A log that would be published by its close. */
  async atomic() {
    const writer = await create('log', true)
    await writer.append(sampleEvents(3000))
    fill(filler)
    const close = await outcome(() => writer.close())
    return { close, names: (await readdir(disk)).toSorted() }
  },
  /** All that can be asked of a log which nobody can write to. */
  async readOnly() {
    return {
      found: await found(),
      attachment: await outcome(attachment),
      append: await outcome(() => appendFileLog(folder, sampleVocabulary)),
      repair: await outcome(() => repairFileLog(folder)),
      create: await outcome(() => create('new')),
      atomic: await outcome(() => create('new', true)),
      again: await outcome(() => create('log')),
    }
  },
}

console.log(JSON.stringify(await scenarios[scenario]?.()))
