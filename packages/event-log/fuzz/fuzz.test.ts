import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, 'main.ts')

function fuzz(...args: readonly string[]): { readonly out: string; readonly status: number | null } {
  const flags = ['--disable-warning=ExperimentalWarning', '--conditions=@devtrail/source']
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, MAIN, ...args], { encoding: 'utf8' })
  return { out: stdout + stderr, status }
}

test('no promise is broken by a few hundred inputs, which reach most of what reads', { timeout: 120_000 }, () => {
  const { out, status } = fuzz('--runs', '400', '--seed', '1')
  expect([out, status]).toStrictEqual([expect.stringContaining(' 0 failures') as string, 0])
  const reached = [...out.matchAll(/(\d+) of (\d+) branches/g)].map(([, some, all]) => Number(some) / Number(all))
  expect(reached).toHaveLength(4)
  expect(Math.min(...reached)).toBeGreaterThan(0.25)
})

const digest = (seed: string): string | undefined => /digest (\w+)/.exec(fuzz('--runs', '60', '--target', 'block', '--seed', seed).out)?.[1]

test('a run is its seed', { timeout: 120_000 }, () => {
  const [one, again, two] = [digest('7'), digest('7'), digest('8')]
  expect([one, two === one]).toStrictEqual([again, false])
})
