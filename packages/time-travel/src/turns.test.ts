import { expect, test } from 'vitest'
import { event, historyOf, numbered } from './house.test-support.ts'

const log = numbered(...Array.from({ length: 20_000 }, () => event('house/lit', { device: 1 })))

/** Work on an event that takes its time. */
function linger(): void {
  const until = performance.now() + 0.05
  while (performance.now() < until);
}

test('a walk that never waits lets others have a turn, so that it can be interrupted', async () => {
  const controller = new AbortController()
  const history = historyOf(log, null)
  setTimeout(() => controller.abort(new Error('enough')), 1)
  let seen = 0
  const walk = history.replay({ signal: controller.signal, step: () => (seen++, linger()) })
  await expect(walk).rejects.toThrow('enough')
  expect(seen).toBeLessThan(log.length)
})
