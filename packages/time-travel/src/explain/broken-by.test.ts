import { expect, test } from 'vitest'
import { event, historyOf, numbered } from '../house.test-support.ts'
import { brokenBy } from './broken-by.ts'

const broke = (rule: string, page: number | null, pages = 1, cause: number[] = []): ReturnType<typeof event> =>
  event('house/broke', { rule, page, pages }, { device: 1, cause })

const log = numbered(
  event('house/lamp-found', { device: 1, name: 'lamp', bus: null }, { device: 1 }),
  broke('hot', 90),
  broke('hot', 10, 8, [1]),
  event('house/lit', { device: 1 }, { device: 1 }),
  // About the same page as the third.
  broke('dark', 12, 1, [4]),
  broke('hot', 12),
  broke('dark', null),
)

const told = async (seq: number): Promise<unknown[]> =>
  (await brokenBy(historyOf(log), seq)).map(({ rule, seq: at, evidence }) => [rule, at, evidence])

test('of an event with which no rule broke nothing is told', async () => {
  expect(await told(4)).toEqual([])
  expect(await told(1)).toEqual([])
})

test('a rule that broke with it, and one of other rules that had broken before about the same page', async () => {
  // What came later is no evidence of it.
  expect(await told(3)).toEqual([['house/hot', 3, [1, 3]]])
  expect(await told(5)).toEqual([
    ['house/hot', 3, [1, 3, 5]],
    ['house/dark', 5, [3, 4, 5]],
  ])
})

test('the same rule does not explain itself, and what is about no page is explained by none', async () => {
  expect(await told(6)).toEqual([
    ['house/dark', 5, [4, 5, 6]],
    ['house/hot', 6, [5, 6]],
  ])
  expect(await told(7)).toEqual([['house/dark', 7, [7]]])
})

test('it can be interrupted', async () => {
  await expect(brokenBy(historyOf(log), 5, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})
