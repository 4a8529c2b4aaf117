import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

test('a long recording is imported with keyframes, and its log answers as it does without', { timeout: 120_000 }, async () => {
  using scratch = new Scratch()
  const log = scratch.path('log')
  const bare = scratch.path('bare')
  expect(await scratch.run(['import', recording('fsdax-gup-stress'), '-o', log])).toMatchObject({ code: 0 })
  const [fold] = await readdir(join(log, 'keyframes'))
  expect(await readdir(join(log, 'keyframes', fold!))).not.toEqual([])
  await cp(log, bare, { recursive: true })
  await rm(join(bare, 'keyframes'), { recursive: true })
  for (const at of ['1', '65000', '70000', '@90000', 'end']) {
    const [kept, folded] = await Promise.all([log, bare].map((l) => scratch.run(['state', l, '--at', at, '--json'])))
    expect(kept!.out).toContain('"schemaVersion"')
    expect(kept!.out).toBe(folded!.out)
  }
})
