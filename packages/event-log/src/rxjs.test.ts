/// <reference lib="esnext.disposable" />
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogStore } from './contract.ts'
import { fileStore } from './file.ts'
import { memoryStore, sampleEvents, sampleMeta, sampleVocabulary } from './index.ts'
import { follow$ } from './rxjs.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-rxjs-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

let count = 0
const stores: readonly (readonly [string, () => LogStore])[] = [
  ['memory', () => memoryStore(sampleVocabulary)],
  ['files', () => fileStore(join(root, `log-${++count}`), sampleVocabulary)],
]

test.each(stores)('%s: a subscriber gets what is there and what comes, in batches, until the range ends', async (_, fresh) => {
  const store = fresh()
  await using writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(10_000))
  await writer.flush('written')
  await using reader = await store.open()
  const batches: (readonly AnyEvent[])[] = []
  const half = Promise.withResolvers<void>()
  const all = new Promise<void>((resolve, reject) => {
    follow$(reader, { to: 10_005 }).subscribe({
      next: (batch) => {
        batches.push(batch)
        if (batch.at(-1)?.seq === 10_000) half.resolve()
      },
      complete: resolve,
      error: reject,
    })
  })
  await half.promise
  expect(batches.length).toBeLessThan(6)
  await writer.append(sampleEvents(10_020, { first: 10_001 }))
  await writer.flush('written')
  await all
  expect(batches.flat()).toStrictEqual(sampleEvents(10_005))
})

test.each(stores)('%s: unsubscribing ends it, at once or while it waits, and nothing comes any more', async (_, fresh) => {
  const store = fresh()
  await using writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(5))
  await writer.flush('written')
  await using reader = await store.open()
  const ended: string[] = []
  const batches = follow$({
    followBatches: (range) => ({
      [Symbol.asyncIterator]: () => {
        const inner = reader.followBatches(range)[Symbol.asyncIterator]()
        return {
          next: () => inner.next(),
          return: async () => {
            const result = await inner.return!()
            ended.push('returned')
            return result
          },
        }
      },
    }),
  })
  expect(await firstValueFrom(batches)).toStrictEqual(sampleEvents(5))
  const got: AnyEvent[] = []
  const first = Promise.withResolvers<void>()
  const subscription = batches.subscribe((batch) => {
    got.push(...batch)
    first.resolve()
  })
  await first.promise
  subscription.unsubscribe()
  await writer.append(sampleEvents(6, { first: 6 }))
  await writer.flush('written')
  expect(await lastValueFrom(follow$(reader, { from: 6, to: 6 }))).toStrictEqual(sampleEvents(6, { first: 6 }))
  expect([got.length, ended]).toStrictEqual([5, ['returned', 'returned']])
})

test.each(stores)('%s: subscribers read for themselves; closing the reader is an error for all of them', async (_, fresh) => {
  const store = fresh()
  await using writer = await store.create(sampleMeta())
  await writer.append(sampleEvents(5))
  await writer.flush('written')
  const reader = await store.open()
  const batches = follow$(reader)
  expect(await firstValueFrom(batches)).toStrictEqual(sampleEvents(5))
  expect((await lastValueFrom(batches.pipe(take(1), toArray()))).flat()).toStrictEqual(sampleEvents(5))
  const there = Promise.withResolvers<void>()
  const error = new Promise((resolve) => batches.subscribe({ next: () => there.resolve(), error: resolve }))
  await there.promise
  await reader.close()
  expect(await error).toMatchObject({ name: 'LogUsageError', code: 'closed' })
  await expect(firstValueFrom(batches)).rejects.toMatchObject({ code: 'closed' })
})
