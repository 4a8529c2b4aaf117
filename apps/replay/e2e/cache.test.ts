/** What is kept in the cache: several devtrails at once, damage in it, and where there can be none. */
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { recording, Scratch, segmentOf, type Run } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const twin = recording('fsdax-splice')
const trace = readFileSync(join(twin, 'trace.txt'))

/** Flips a bit in the middle of a log's events. */
function flipBit(log: string): void {
  const path = segmentOf(log)
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(path, bytes)
}

describe('the cache', () => {
  test('several devtrails at once on a recording that is not in it yet, or damaged in it, all answer', async () => {
    const env = { XDG_CACHE_HOME: scratch.path('crowded-cache') }
    const atOnce = (): Promise<Run[]> =>
      Promise.all(Array.from({ length: 4 }, () => scratch.run(['info', recording('fsdax-truncate-hang'), '--json'], { env })))
    const first = await atOnce()
    expect(first.map((r) => [r.code, r.err])).toEqual(first.map(() => [0, '']))
    flipBit(JSON.parse(first[0]!.out).log)
    const second = await atOnce()
    expect(second.map((r) => [r.code, r.out])).toEqual(first.map((r) => [0, r.out]))
    expect(second.map((r) => r.err).join('')).toContain('made anew')
    expect(readdirSync(scratch.path('crowded-cache/devtrail'))).toHaveLength(1)
  })

  test('an entry with a flipped bit, or one that is cut, is made anew at once, also for stdin', async () => {
    const env = { XDG_CACHE_HOME: scratch.path('flipped-cache') }
    const ask = (): Promise<Run> => scratch.run(['info', '-', '--json'], { env, stdin: trace })
    const whole = await ask()
    const { log } = JSON.parse(whole.out)
    flipBit(log)
    const flipped = await ask()
    truncateSync(segmentOf(log), statSync(segmentOf(log)).size >> 1)
    const cut = await ask()
    for (const run of [flipped, cut]) {
      expect([run.code, run.out]).toEqual([0, whole.out])
      expect(run.err).toContain('made anew')
    }
    expect((await ask()).err).toBe('')
  })

  test('where it cannot be: exit 3 and what to do, at once', async () => {
    writeFileSync(scratch.path('a-file'), '')
    for (const env of [
      { XDG_CACHE_HOME: '/proc/nope' },
      { XDG_CACHE_HOME: '', HOME: '/proc/nope' },
      { XDG_CACHE_HOME: scratch.path('a-file') },
    ]) {
      const { code, out, err } = await scratch.run(['info', twin], { env })
      expect([code, out]).toEqual([3, ''])
      expect(err).toMatch(/^devtrail: there can be no cache at .*XDG_CACHE_HOME.*\n$/)
    }
  })

  test('import -o does not need it, not even for stdin', async () => {
    const env = { XDG_CACHE_HOME: '/proc/nope', TMPDIR: scratch.path('tmp') }
    mkdirSync(env.TMPDIR)
    for (const [given, stdin] of [
      [twin, ''],
      ['-', trace],
    ] as const) {
      const { code, err } = await scratch.run(['import', given, '-o', scratch.path(`free-${given.length}.log`)], { env, stdin })
      expect([code, err]).toEqual([0, ''])
    }
    expect(readdirSync(env.TMPDIR)).toEqual([])
  })
})
