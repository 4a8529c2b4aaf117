import fc from 'fast-check'
import { expect, test } from 'vitest'
import { align, type Alignment } from './align.ts'

const letters = fc.array(fc.nat(3), { maxLength: 40 })

/** The length of a longest common subsequence, by the table. */
function longest(a: readonly number[], b: readonly number[]): number {
  const row = Array.from({ length: b.length + 1 }, () => 0)
  for (const x of a) {
    let diagonal = 0
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!
      row[j] = x === b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1]!)
      diagonal = above
    }
  }
  return row[b.length]!
}

const lengthOf = ({ runs }: Alignment): number => runs.reduce((sum, { length }) => sum + length, 0)

test('runs are the same in both, ascend, and there are as many elements in them as can be', () => {
  fc.assert(
    fc.property(letters, letters, (a, b) => {
      const found = align(a, b)
      expect(found.isWhole).toBe(true)
      let [x, y] = [0, 0]
      for (const run of found.runs) {
        expect(run.a).toBeGreaterThanOrEqual(x)
        expect(run.b).toBeGreaterThanOrEqual(y)
        expect(a.slice(run.a, run.a + run.length)).toEqual(b.slice(run.b, run.b + run.length))
        ;[x, y] = [run.a + run.length, run.b + run.length]
      }
      expect(lengthOf(found)).toBe(longest(a, b))
    }),
    { numRuns: 500 },
  )
})

test('what differs in too much is not compared in the middle, and that is said', () => {
  const [a, b] = [Array.from({ length: 50 }, (_, n) => n), Array.from({ length: 50 }, (_, n) => 100 + n)]
  expect(align([7, ...a, 8], [7, ...b, 8], 20)).toEqual({
    runs: [
      { a: 0, b: 0, length: 1 },
      { a: 51, b: 51, length: 1 },
    ],
    isWhole: false,
  })
})

test('nothing, and the same', () => {
  expect(align([], [])).toEqual({ runs: [], isWhole: true })
  expect(align([1, 2], [1, 2])).toEqual({ runs: [{ a: 0, b: 0, length: 2 }], isWhole: true })
  expect(align([], [1])).toEqual({ runs: [], isWhole: true })
})
