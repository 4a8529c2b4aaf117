import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemorySections } from './memory-sections.ts'

test('agrees with a set of pages, whatever is added and removed', () => {
  const op = fc.record({ add: fc.boolean(), first: fc.nat(60), pages: fc.integer({ min: 1, max: 20 }) })
  fc.assert(
    fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
      const sections = new MemorySections()
      const set = new Set<number>()
      for (const { add, first, pages } of ops) {
        const last = first + pages - 1
        const all = Array.from({ length: pages }, (_, n) => first + n)
        expect(sections.count(first, last)).toBe(all.filter((pfn) => set.has(pfn)).length)
        expect(sections.firstPresent(first, last)).toBe(all.find((pfn) => set.has(pfn)) ?? null)
        if (add) sections.add(first, last)
        else sections.remove(first, last)
        for (const pfn of all)
          if (add) set.add(pfn)
          else set.delete(pfn)
        expect(Array.from({ length: 90 }, (_, pfn) => sections.present(pfn))).toEqual(Array.from({ length: 90 }, (_, pfn) => set.has(pfn)))
      }
    }),
  )
})
