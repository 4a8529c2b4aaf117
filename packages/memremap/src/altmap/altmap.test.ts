/** Vectors of the altmap notes (memremap, section 2 (c)), by number. */
import { describe, expect, test } from 'vitest'
import { altmapAlloc, altmapAllocBuf, altmapFree, altmapFreePages, altmapNextPfn, altmapOffset, newAltmap } from './altmap.ts'
import { pmemLayout } from './pmem-layout.ts'

const GIB = 1n << 30n
const BASE = 0x100000

describe('allocation', () => {
  test('vectors 1, 2 and 3: the struct pages of 1 GiB fill the altmap to the last page', () => {
    const layout = pmemLayout(4n * GIB, GIB, 'dev')!
    const a = layout.altmap!
    expect(layout).toMatchObject({ pages: 262142, dataOffset: 0x1200000n, altmap: { basePfn: BASE, reserve: 2, free: 4606 } })
    expect(altmapOffset(a)).toBe(4608)
    const blocks = Array.from({ length: 8 }, () => altmapAlloc(a, 512))
    expect([blocks[0], blocks[7]]).toEqual([0x100200, 0x101000])
    expect(a).toMatchObject({ alloc: 4096, align: 510 })
    expect(altmapFreePages(a)).toBe(0)
    expect(altmapAlloc(a, 512)).toBe(null)
    expect(a).toMatchObject({ alloc: 4096, align: 510 })
  })

  test('vectors 7, 8 and 9: a block is aligned to the lowest set bit of its size; one that does not fit changes nothing', () => {
    const a = newAltmap(BASE, 2, 100)
    expect([1, 1, 2, 3, 4, 6].map((n) => altmapAlloc(a, n))).toEqual([0x100002, 0x100003, 0x100004, 0x100006, 0x10000c, 0x100010])
    expect(a).toMatchObject({ alloc: 17, align: 3 })
    expect(altmapFreePages(a)).toBe(80)
    expect(altmapAlloc(a, 64)).toBe(null)
    expect(a).toMatchObject({ alloc: 17, align: 3 })
    expect(altmapAlloc(a, 32)).toBe(0x100020)
    expect(a).toMatchObject({ alloc: 49, align: 13 })
    expect([16, 8].map((n) => altmapAlloc(a, n))).toEqual([0x100040, 0x100050])
    expect(a.alloc).toBe(73)
    expect(altmapFreePages(a)).toBe(14)
  })

  test('vectors 10, 11 and 12: what alignment costs', () => {
    const whole = newAltmap(BASE, 0, 1024)
    expect([512, 512, 512].map((n) => altmapAlloc(whole, n))).toEqual([0x100000, 0x100200, null])
    const shifted = newAltmap(BASE, 2, 1023)
    expect([512, 512].map((n) => altmapAlloc(shifted, n))).toEqual([0x100200, null])
    expect([shifted.align, altmapFreePages(shifted)]).toEqual([510, 1])
    const odd = newAltmap(BASE + 1, 0, 600)
    expect([512, 64].map((n) => altmapAlloc(odd, n))).toEqual([null, 0x100040])
    expect(odd.align).toBe(63)
  })

  test('vector 13: bytes that are not whole pages get nothing', () => {
    const a = newAltmap(BASE, 2, 100)
    expect(altmapAllocBuf(a, 5000)).toBe(null)
    expect(altmapAllocBuf(a, 8192)).toBe(0x100002)
  })

  test('vector 16: what is freed is counted, alignment is not given back', () => {
    const a = newAltmap(BASE, 2, 4606)
    for (let i = 0; i < 8; i++) altmapAlloc(a, 512)
    for (let i = 0; i < 8; i++) altmapFree(a, 512)
    expect(a).toMatchObject({ alloc: 0, align: 510 })
    expect(altmapNextPfn(a)).toBe(0x100200)
    expect(Array.from({ length: 8 }, () => altmapAlloc(a, 512)).at(-1)).toBe(0x101000)
  })
})

describe('sizing', () => {
  test.each([
    ['4', GIB, 0x101200, 257536],
    ['5', 16n * GIB, 0x110200, 4128256],
    ['6', GIB / 4n, 0x100600, 64000],
  ])('vector %s: first page and pages of the device', (_, size, first, pages) => {
    const { altmap } = pmemLayout(4n * GIB, size, 'dev')!
    expect(BASE + altmapOffset(altmap)).toBe(first)
    expect(Number(size / 4096n) - altmapOffset(altmap)).toBe(pages)
  })

  test('Linux 6.1 begins the altmap at 2 MiB and keeps the slack; the seed takes the range as it is', () => {
    const start = 4n * GIB + 0x1000n
    expect(pmemLayout(start, GIB, 'dev')).toMatchObject({ dataOffset: 0x11ff000n, altmap: { basePfn: BASE, reserve: 3, free: 4605 } })
    expect(pmemLayout(start, GIB, 'dev', 4096n, 'seed')).toMatchObject({
      dataOffset: 0x1002000n,
      altmap: { basePfn: BASE + 1, reserve: 2, free: 4096 },
    })
  })

  test('with its struct pages in RAM a namespace has no altmap, and one with no room for data has no layout', () => {
    expect(pmemLayout(4n * GIB, GIB, 'mem')).toEqual({ pages: 262142, dataOffset: 0x200000n, altmap: null })
    expect(pmemLayout(4n * GIB, 0x200000n, 'mem')).toBe(null)
  })
})
