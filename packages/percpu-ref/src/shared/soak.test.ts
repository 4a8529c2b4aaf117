import { expect, it } from 'vitest'
import { soak } from './soak.test-support.ts'

/** `SOAK_OPERATIONS=1000000000 pnpm test soak` for a long one. */
const OPERATIONS = Number(process.env['SOAK_OPERATIONS'] ?? 2e7)

it('no count is lost and nothing is released too early, whenever it is killed', { timeout: 3_600_000 }, async () => {
  const { operations, kills, lives, ...bad } = await soak(OPERATIONS, { withGrace: true, lossesMax: Infinity, seed: 1 })
  if (OPERATIONS > 2e7) console.log(`${operations} operations, ${kills} kills in ${lives} lives`)
  expect(bad).toEqual({ lost: 0, early: 0, releases: lives })
  expect(kills).toBeGreaterThan(10)
})

it('the control, without the grace period, does lose counts', { timeout: 3_600_000 }, async () => {
  // Every tenth kill or so; a short run goes on until the first.
  const isShort = OPERATIONS <= 2e7
  const { lost, kills } = await soak(isShort ? 1e9 : OPERATIONS, { withGrace: false, lossesMax: isShort ? 1 : Infinity, seed: 2 })
  if (!isShort) console.log(`${lost} of ${kills} kills lost counts`)
  expect(lost).toBeGreaterThan(0)
})
