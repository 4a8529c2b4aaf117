import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PFN_LIMIT, PfnMap, SECTION_PAGES } from './pfn-map.ts'

interface Named {
  readonly name: string
}
const named = (name: string): Named => ({ name })

test('a range that covers sections whole and in parts is found from its first to its last page', () => {
  const map = new PfnMap<Named>()
  const a = named('a')
  map.set(SECTION_PAGES - 5, 3 * SECTION_PAGES + 4, a)
  expect([-6, -5, 0, SECTION_PAGES, 2 * SECTION_PAGES + 4, 2 * SECTION_PAGES + 5].map((n) => map.get(SECTION_PAGES + n))).toEqual([
    null,
    a,
    a,
    a,
    a,
    null,
  ])
})

test('the last pfn of 52 address bits can be covered; no other number is a pfn', () => {
  const map = new PfnMap<Named>()
  const a = named('a')
  map.set(PFN_LIMIT - 1, PFN_LIMIT - 1, a)
  expect(map.get(PFN_LIMIT - 1)).toBe(a)
  expect([PFN_LIMIT, -1, Number.NaN, Infinity, 2 ** 52].map((pfn) => map.get(pfn))).toEqual([null, null, null, null, null])
  for (const [first, last] of [
    [0, PFN_LIMIT],
    [-1, 0],
    [2, 1],
    [0.5, 1],
  ] as const)
    expect(() => map.set(first, last, a)).toThrow(RangeError)
})

/** Pfns around the borders of sections and of the tables above them. */
const BORDERS = [0, 1, 2, 511, 512, 513, 65_535, 65_536, 131_072].map((n) => n * SECTION_PAGES)
const pfn = fc.tuple(fc.constantFrom(...BORDERS), fc.integer({ min: -3, max: 3 })).map(([border, n]) => Math.max(0, border + n))

test('after any ranges set and cleared each page finds what covered it last, as in a plain map of pages', () => {
  const pages = BORDERS.flatMap((border) => [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((n) => border + n)).filter((n) => n >= 0)
  fc.assert(
    fc.property(fc.array(fc.tuple(pfn, pfn, fc.option(fc.constantFrom('a', 'b', 'c').map(named)))), (changes) => {
      const map = new PfnMap<Named>()
      const oracle = new Map<number, Named | null>()
      for (const [x, y, value] of changes) {
        const [first, last] = [Math.min(x, y), Math.max(x, y)]
        if (value === null) map.clear(first, last)
        else map.set(first, last, value)
        for (const page of pages) if (page >= first && page <= last) oracle.set(page, value)
      }
      for (const page of pages) expect(map.get(page)).toBe(oracle.get(page) ?? null)
    }),
    { numRuns: 500 },
  )
})

test('what is no pfn finds nothing, below and above 8 TiB', () => {
  const map = new PfnMap<object>()
  map.set(0, 2 ** 34, {})
  for (const pfn of [-1, 0.5, 2 ** 31 + 0.5, 2 ** 33 + 0.5, 2 ** 40, Number.NaN, Infinity]) expect(map.get(pfn)).toBe(null)
  for (const pfn of [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 34]) expect(map.get(pfn)).not.toBe(null)
})
