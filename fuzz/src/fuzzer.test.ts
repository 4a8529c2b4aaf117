import { expect, test } from 'vitest'
import { Fuzzer, failureOf } from './fuzzer.ts'
import { allocate, branch, reserveBranches } from './meter.ts'
import type { Target } from './target.ts'

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
