// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** What holds of an altmap whatever is asked of it (the notes on memremap, section 2 (a)). */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { altmapAlloc, altmapAllocBlocks, altmapFreePages, altmapOffset, altmapUnit, newAltmap } from './altmap.ts'

const altmap = fc.record({ base: fc.nat(4096), reserve: fc.nat(64), free: fc.nat(8192) })
const sizes = fc.array(fc.oneof(fc.constantFrom(1, 2, 8, 64, 512), fc.integer({ min: 1, max: 600 })), { maxLength: 40 })

test('blocks are aligned, apart, inside, and in front of the first device page; what does not fit changes nothing', () => {
  fc.assert(
    fc.property(altmap, sizes, ({ base, reserve, free }, wanted) => {
      const a = newAltmap(base, reserve, free)
      let end = base + reserve
      for (const pages of wanted) {
        const before = { ...a }
        const pfn = altmapAlloc(a, pages)
        if (pfn === null) {
          expect(a).toEqual(before)
          continue
        }
        expect(pfn % altmapUnit(pages)).toBe(0)
        expect(pfn).toBeGreaterThanOrEqual(end)
        end = pfn + pages
        expect(end).toBeLessThanOrEqual(base + altmapOffset(a))
        expect(a.alloc + a.align).toBeLessThanOrEqual(free)
        expect(altmapFreePages(a)).toBe(free - a.alloc - a.align)
      }
    }),
  )
})

test('many blocks at once are what one by one are', () => {
  fc.assert(
    fc.property(altmap, fc.constantFrom(1, 6, 64, 512), fc.nat(40), fc.nat(5), ({ base, reserve, free }, pages, blocks, first) => {
      const [a, b] = [newAltmap(base, reserve, free), newAltmap(base, reserve, free)]
      altmapAlloc(a, first)
      altmapAlloc(b, first)
      const got = altmapAllocBlocks(a, pages, blocks)
      const one = Array.from({ length: blocks }, () => altmapAlloc(b, pages)).filter((pfn) => pfn !== null)
      expect(a).toEqual(b)
      expect(Array.from({ length: got.blocks }, (_, n) => got.pfn! + n * pages)).toEqual(one)
    }),
  )
})
