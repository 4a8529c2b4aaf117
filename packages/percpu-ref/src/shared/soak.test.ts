import { expect, it } from 'vitest'
import { soak } from './soak.test-support.ts'

/** `SOAK_OPERATIONS=1000000000 pnpm test soak` for a long one. */
const OPERATIONS = Number(process.env['SOAK_OPERATIONS'] ?? 2e7)

it('no count is lost and nothing is released too early, whenever it is killed', { timeout: 3_600_000 }, async () => {
  const { operations, kills, ...bad } = await soak(OPERATIONS, { withGrace: true, seed: 1 })
  if (OPERATIONS > 2e7) console.log(`${operations} operations, ${kills} kills`)
  expect(bad).toEqual({ lost: 0, early: 0, releases: kills })
  expect(kills).toBeGreaterThan(10)
})

it('the control, without the grace period, does lose counts', { timeout: 3_600_000 }, async () => {
  const { lost, kills } = await soak(OPERATIONS, { withGrace: false, seed: 2 })
  if (OPERATIONS > 2e7) console.log(`${lost} of ${kills} kills lost counts`)
  expect(lost).toBeGreaterThan(0)
})
