import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Fuzzer, failureOf } from './fuzzer.ts'
import { allocate, branch, reserveBranches } from './meter.ts'
import type { Target } from './target.ts'

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

const first = reserveBranches(4)
const toy = (run: Target['run'], budget = { steps: 100, bytes: 100 }): Target => ({
  name: 'toy',
  seeds: [new Uint8Array(4)],
  bytesMax: 8,
  budget,
  run,
})

test('what lies behind three right bytes is found, one after the other', async () => {
  const fuzzer = new Fuzzer(
    toy(([a, b, c]) => {
      if (a !== 0x44) return
      branch(first)
      if (b !== 0x54) return
      branch(first + 1)
      if (c === 0x42) throw new Error('found')
    }),
    1,
  )
  let failure: unknown = null
  while (failure === null && fuzzer.executions < 100_000) failure = (await fuzzer.run(fuzzer.next())).failure
  expect(failure).toMatchObject({ error: { message: 'found' } })
})

/** Catches what tells that it costs too much, as careless code might. */
const careless = (cost: () => void): Target =>
  toy(() => {
    try {
      for (;;) cost()
    } catch {
      // Nothing.
    }
  })

test('an input that costs too much is told, also when what it runs catches that', async () => {
  const steps = await failureOf(
    careless(() => branch(first)),
    new Uint8Array(1),
  )
  const bytes = await failureOf(
    careless(() => allocate(7)),
    new Uint8Array(1),
  )
  expect([steps, bytes]).toMatchObject([{ error: { name: 'OverBudget' } }, { error: { name: 'OverBudget' } }])
})
