import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, 'main.ts')

test('no promise is broken by changed recordings, which reach much of what reads', { timeout: 300_000 }, () => {
  const flags = ['--disable-warning=ExperimentalWarning', '--conditions=@devtrail/source']
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, MAIN, '--runs', '150', '--seed', '1'], { encoding: 'utf8' })
  expect([stdout + stderr, status]).toStrictEqual([expect.stringContaining(' 0 failures') as string, 0])
  const reached = [...stdout.matchAll(/^(\w+): .* (\d+) of \d+ branches/gm)].map(([, name, n]) => [name, Number(n)] as const)
  expect(reached.map(([name]) => name)).toEqual(['text', 'dat', 'damage', 'beside', 'btf'])
  expect(reached.map(([, n]) => n > 100)).toEqual([true, true, true, true, true])
})
