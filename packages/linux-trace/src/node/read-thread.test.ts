import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EntryBatch } from '../entries/batch.ts'
import { RecordingError } from '../errors.ts'
import { readTextBatches } from '../text/batches.ts'
import { newSummary } from '../text/summary.ts'
import { bytesOf } from './bytes-of.ts'
import { ThreadedTrace } from './read-thread.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devtrail-thread-'))
})
afterAll(() => rm(folder, { recursive: true }))

const line = (n: number): string =>
  `   pin-${(n % 3) + 1} [000] ...1. ${n}.000001: ${n % 5 === 0 ? 'odd: x' : `p: (f+0x0/0x1) a=0x${n.toString(16)}`}\n`

const readInThread = (path: string): ThreadedTrace['read'] => new ThreadedTrace(path, '').read

async function batchesOf(batches: AsyncIterable<EntryBatch>): Promise<EntryBatch[]> {
  const all: EntryBatch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

it('gives the batches that reading it here gives, however many there are', async () => {
  const path = join(folder, 'trace.txt')
  await writeFile(path, Array.from({ length: 60_000 }, (_, n) => line(n)).join(''))
  const here = newSummary()
  const there = newSummary()
  const expected = await batchesOf(readTextBatches(bytesOf(path), here, new Map()))
  expect(expected.length).toBeGreaterThan(5)
  expect(await batchesOf(readInThread(path)(there, ''))).toEqual(expected)
  expect(there).toEqual(here)
})

it('refuses what is no trace as reading it here does, and fails where there is nothing', async () => {
  const path = join(folder, 'prose.txt')
  await writeFile(path, 'hello\n')
  await expect(batchesOf(readInThread(path)(newSummary(), ''))).rejects.toThrow(RecordingError)
  await expect(batchesOf(readInThread(path)(newSummary(), ''))).rejects.toThrow('this is not a text trace')
  await expect(batchesOf(readInThread(join(folder, 'nowhere'))(newSummary(), ''))).rejects.toThrow('ENOENT')
})

it('can be left before its end', async () => {
  const path = join(folder, 'trace.txt')
  for await (const batch of readInThread(path)(newSummary(), '')) {
    expect(batch.rows).toBeGreaterThan(0)
    break
  }
})

it('may begin before anybody asks', async () => {
  const path = join(folder, 'trace.txt')
  const trace = new ThreadedTrace(path, '')
  trace.begin()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const summary = newSummary()
  const batches = await batchesOf(trace.read(summary, ''))
  expect(batches).toEqual(await batchesOf(trace.read(newSummary(), '')))
  expect(summary.entries).toBe(60_000)
})
