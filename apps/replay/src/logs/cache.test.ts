import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CACHE_GRACE_MS, CACHE_LEFTOVER_MS, cacheFolder, prepareCache, tidy, touch } from './cache.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'devtrail-cache-test-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const NOW = Date.UTC(2026, 10, 22)

/** An entry of some bytes, used so many milliseconds ago. */
function entry(name: string, bytes: number, ago: number): string {
  const path = join(root, name)
  mkdirSync(join(path, 'attachments'), { recursive: true })
  writeFileSync(join(path, 'attachments', 'a'), new Uint8Array(bytes))
  const at = new Date(NOW - ago)
  utimesSync(path, at, at)
  return path
}

const key = (digit: string): string => digit.repeat(32)

test('the cache is where XDG says, else in ~/.cache; a relative XDG_CACHE_HOME is ignored', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/x', HOME: '/h' })).toBe('/x/devtrail')
  expect(cacheFolder({ HOME: '/h' })).toBe('/h/.cache/devtrail')
  expect(cacheFolder({ XDG_CACHE_HOME: '', HOME: '/h' })).toBe('/h/.cache/devtrail')
  expect(cacheFolder({ XDG_CACHE_HOME: 'x', HOME: '/h' })).toBe('/h/.cache/devtrail')
})

test('without a home in the environment the cache is in that of the list of users, never beside the recording', () => {
  for (const home of ['', 'relative']) expect(cacheFolder({ HOME: home }, () => '/listed')).toBe('/listed/.cache/devtrail')
  expect(() => cacheFolder({}, () => null)).toThrow(/no home folder.*XDG_CACHE_HOME/)
})

test('where there can be no cache, the message says why and names XDG_CACHE_HOME', async () => {
  writeFileSync(join(root, 'file'), '')
  for (const folder of [join(root, 'file'), join(root, 'file', 'devtrail'), '/proc/nope/devtrail'])
    await expect(prepareCache(folder)).rejects.toThrow(/there can be no cache at .*XDG_CACHE_HOME/)
})

test('only its owner can read it', async () => {
  await prepareCache(join(root, 'a', 'devtrail'))
  expect(statSync(join(root, 'a', 'devtrail')).mode & 0o777).toBe(0o700)
})

test('over its size the entries used longest ago go, and no more than needed', async () => {
  const old = entry(key('a'), 1000, 4 * CACHE_GRACE_MS)
  const middle = entry(key('b'), 1000, 3 * CACHE_GRACE_MS)
  const young = entry(key('c'), 1000, 2 * CACHE_GRACE_MS)
  await tidy(root, 3000, NOW)
  expect([old, middle, young].map(existsSync)).toEqual([true, true, true])
  await tidy(root, 2999, NOW)
  expect([old, middle, young].map(existsSync)).toEqual([false, true, true])
  await tidy(root, 0, NOW)
  expect([middle, young].map(existsSync)).toEqual([false, false])
})

test('an entry used a moment ago stays, whatever the size: somebody may be reading it', async () => {
  const used = entry(key('a'), 1000, CACHE_GRACE_MS - 1)
  await tidy(root, 0, NOW)
  expect(existsSync(used)).toBe(true)
})

test('using an entry makes it young', async () => {
  const used = entry(key('a'), 1000, 5 * CACHE_GRACE_MS)
  const unused = entry(key('b'), 1000, 4 * CACHE_GRACE_MS)
  await touch(used, new Date(NOW - 2 * CACHE_GRACE_MS))
  await tidy(root, 1000, NOW)
  expect([used, unused].map(existsSync)).toEqual([true, false])
})

test('what a dead writer left is removed after a day, not before', async () => {
  const fresh = entry('.fresh.unfinished-x', 10, CACHE_LEFTOVER_MS - 1)
  const stale = entry('.stale.unfinished-x', 10, CACHE_LEFTOVER_MS + 1)
  await tidy(root, 1e9, NOW)
  expect([fresh, stale].map(existsSync)).toEqual([true, false])
})

test('a cache that is not there is tidy', async () => {
  await expect(tidy(join(root, 'none'))).resolves.toBeUndefined()
})
