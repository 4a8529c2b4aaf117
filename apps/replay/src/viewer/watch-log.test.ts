import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LogWatch } from './watch-log.ts'

/** A log's files, and how often somebody was told that they are not what they were. */
async function watched() {
  const folder = mkdtempSync(join(tmpdir(), 'devtrail-watch-'))
  const segment = join(folder, 'segments', '00000001.seg')
  const head = (id: string): void => writeFileSync(join(folder, 'log.json'), JSON.stringify({ id }))
  mkdirSync(join(folder, 'segments'))
  head('aa')
  writeFileSync(segment, 'DEVTRAIL and more')
  let told = 0
  const ending = new AbortController()
  const watching = (await LogWatch.begin(folder)).run(() => told++, ending.signal, 20)
  return {
    folder,
    segment,
    head,
    told: () => told,
    async [Symbol.asyncDispose]() {
      ending.abort()
      await watching
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

test('growing is nothing to be told here', async () => {
  await using log = await watched()
  appendFileSync(log.segment, 'more')
  writeFileSync(join(log.folder, 'segments', '00000002.seg'), 'DEVTRAIL')
  await wait(120)
  expect(log.told()).toBe(0)
})

test.each([
  ['a file is cut', ({ segment }: { segment: string }) => truncateSync(segment, 3)],
  ['a file is gone', ({ segment }: { segment: string }) => rmSync(segment)],
  ['all of it is gone', ({ folder }: { folder: string }) => rmSync(folder, { recursive: true })],
  ['another log is in its place', ({ head }: { head: (id: string) => void }) => head('bb')],
])('%s: that is told', async (_, happens) => {
  await using log = await watched()
  happens(log)
  await expect.poll(log.told).toBeGreaterThan(0)
})
