import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admits, atLeast, between, emptyList, forgetList, isExact, join, meet, plus, rangeOf, takeFrom, type Count } from './knowledge.ts'

const bound = fc.tuple(fc.nat(12), fc.nat(6)).map(([lo, more]) => between(lo, lo + more))
const open = fc.nat(12).map((n): Count => atLeast(n))
const count: fc.Arbitrary<Count> = fc.oneof(fc.nat(12), bound, open, fc.constant(null))
const holds = (law: (a: Count, b: Count, c: Count) => void): void =>
  fc.assert(
    fc.property(count, count, count, (a, b, c) => {
      law(a, b, c)
    }),
  )
const disjoint = (a: Count, b: Count): boolean => {
  const [x, y] = [rangeOf(a), rangeOf(b)]
  return x.lo > y.hi || y.lo > x.hi
}
const same = (a: Count, b: Count): boolean => JSON.stringify(a) === JSON.stringify(b)
/** Whether a number may be what a count stands for. */
const allows = (c: Count, n: number): boolean => n >= rangeOf(c).lo && n <= rangeOf(c).hi

describe('join: what holds whichever of two is true', () => {
  it('is commutative, associative and idempotent', () => {
    holds((a, b, c) => {
      expect(join(a, b)).toEqual(join(b, a))
      expect(join(join(a, b), c)).toEqual(join(a, join(b, c)))
      expect(join(a, a)).toEqual(a)
    })
  })

  it('is the least count that admits both', () => {
    holds((a, b, c) => {
      expect(admits(join(a, b), a) && admits(join(a, b), b)).toBe(true)
      expect(!(admits(c, a) && admits(c, b)) || admits(c, join(a, b))).toBe(true)
    })
  })

  it('of unknown and anything is unknown', () => {
    holds((a) => expect(join(a, null)).toBeNull())
    expect(join(1, 3)).toEqual({ atLeast: 1, atMost: 3 })
    expect(join(1, atLeast(3))).toEqual(atLeast(1))
  })
})

describe('meet: both pieces of evidence at once', () => {
  it('is idempotent, and commutative where the two do not contradict', () => {
    holds((a, b) => {
      expect(meet(a, a)).toEqual(a)
      expect(disjoint(a, b) || same(meet(a, b), meet(b, a))).toBe(true)
    })
  })

  it('keeps exactly the numbers that both allow', () => {
    holds((a, b) => {
      if (disjoint(a, b)) return
      for (let n = 0; n <= 20; n++) expect(allows(meet(a, b), n)).toBe(allows(a, n) && allows(b, n))
    })
  })

  it('of contradicting evidence gives the newer', () => {
    expect(meet(3, 5)).toBe(5)
    expect(meet(atLeast(8), 2)).toBe(2)
    expect(meet(2, atLeast(8))).toEqual(atLeast(8))
    holds((a, b) => {
      expect(a === null || b === null || !disjoint(a, b) || same(meet(a, b), b)).toBe(true)
    })
  })

  it('with unknown adds nothing', () => {
    holds((a) => {
      expect(meet(a, null)).toEqual(a)
      expect(meet(null, a)).toEqual(a)
    })
  })
})

describe('plus', () => {
  it('moves every number by the difference', () => {
    fc.assert(
      fc.property(count, fc.integer({ min: -5, max: 5 }), fc.nat(20), (c, n, one) => {
        expect(c === null || !allows(c, one) || allows(plus(c, n), one + n)).toBe(true)
        expect(plus(plus(c, n), -n)).toEqual(c)
      }),
    )
    expect(plus(null, 3)).toBeNull()
  })

  it('never goes below its floor', () => {
    expect(plus(1, -3, 0)).toBe(0)
    expect(plus({ atLeast: 1, atMost: 5 }, -3, 0)).toEqual({ atLeast: 0, atMost: 2 })
    expect(plus(atLeast(1), -3, 1)).toEqual(atLeast(1))
    fc.assert(
      fc.property(count, fc.integer({ min: -30, max: 30 }), fc.nat(5), (c, n, floor) => {
        expect(c === null || rangeOf(plus(c, n, floor)).lo >= floor).toBe(true)
      }),
    )
  })
})

describe('bounds', () => {
  it('never invert, whatever is done with them', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constantFrom('join' as const, 'meet' as const), with: count }),
      fc.record({ op: fc.constant('plus' as const), n: fc.integer({ min: -9, max: 9 }) }),
    )
    fc.assert(
      fc.property(count, fc.array(step, { maxLength: 12 }), (start, steps) => {
        let c = start
        for (const s of steps) c = s.op === 'plus' ? plus(c, s.n, 0) : s.op === 'join' ? join(c, s.with) : meet(c, s.with)
        expect(rangeOf(c).lo).toBeLessThanOrEqual(rangeOf(c).hi)
        // Equal bounds are a number: no count has two forms.
        expect(isExact(c) || c === null || c.atLeast !== c.atMost).toBe(true)
      }),
    )
  })

  it('that are impossible are refused', () => {
    expect(() => between(3, 2)).toThrow(new RangeError('no count is at least 3 and at most 2'))
    expect(between(3, 3)).toBe(3)
    expect(between(3, Infinity)).toEqual({ atLeast: 3, atMost: null })
  })
})

describe('admits', () => {
  it('is a partial order: reflexive, antisymmetric, transitive', () => {
    holds((a, b, c) => {
      expect(admits(a, a)).toBe(true)
      expect(!(admits(a, b) && admits(b, a)) || same(a, b)).toBe(true)
      expect(!(admits(a, b) && admits(b, c)) || admits(a, c)).toBe(true)
    })
  })

  it('agrees with join: one admits another when joining that one changes nothing', () => {
    holds((a, b) => expect(admits(a, b)).toBe(same(join(a, b), a)))
  })

  it('unknown admits everything; nothing but unknown admits unknown', () => {
    expect(admits(null, null)).toBe(true)
    expect(admits(atLeast(0), null)).toBe(false)
    expect(admits(3, null)).toBe(false)
  })
})

describe('lists', () => {
  it('a gap makes every member possible and the list incomplete', () => {
    const list = { ...emptyList<string>(true), known: ['a', 'b'], possible: ['c'] }
    forgetList(list)
    expect(list).toEqual({ known: [], possible: ['a', 'b', 'c'], complete: false })
    forgetList(list)
    expect(list.possible).toEqual(['a', 'b', 'c'])
  })

  it('takes the newest sure member that fits, and a possible one only when no sure one does', () => {
    const list = { known: ['a1', 'b', 'a2'], possible: ['a3'], complete: true }
    const takeA = (): string | undefined => takeFrom(list, (m) => m.startsWith('a'))
    expect([takeA(), takeA(), takeA(), takeA()]).toEqual(['a2', 'a1', 'a3', undefined])
    expect(list).toEqual({ known: ['b'], possible: [], complete: true })
  })
})
