/** Vectors are those of the memremap notes, section 3. */
import { expect, test } from 'vitest'
import { directMap, pageToPfn, pfnToPage, pfnToPhys, pfnToVirt, physToPfn, virtToPfn } from './page-address.ts'
import { pfnFlags, pfnTDevmap, pfnTHasPage, pfnToPfnT, pfnTToPage, pfnTToPfn, physToPfnT } from './pfn-t.ts'

const { DEV, MAP, SG_CHAIN, SG_LAST, SPECIAL } = pfnFlags
const GIB = 1n << 30n
const about = (value: bigint): unknown[] => [value, pfnTHasPage(value), pfnTDevmap(value), pfnTToPage(value)]

test('vectors 1 and 2: where a struct page is, and back', () => {
  expect([pfnToPage(0x100000), pfnToPage(0x101200)]).toEqual(['0xffffea0004000000', '0xffffea0004048000'])
  expect([pageToPfn('0xffffea0004048000'), pageToPfn('0xffffea0004048001'), pageToPfn('0xffff888100000000')]).toEqual([
    0x101200,
    null,
    null,
  ])
})

test.each([
  ['3: 4 GiB with DEV and MAP', physToPfnT(4n * GIB, DEV | MAP), [0x3000000000100000n, true, true, 0x100000]],
  ['4: with DEV only', physToPfnT(4n * GIB, DEV), [0x2000000000100000n, false, false, null]],
  ['5: without flags', physToPfnT(4n * GIB, 0n), [0x100000n, true, false, 0x100000]],
  ['6: with MAP only', physToPfnT(4n * GIB, MAP), [0x1000000000100000n, true, false, 0x100000]],
  ['7: flags outside the mask', pfnToPfnT(1, 5n), [1n, true, false, 1]],
])('vector %s', (_, value, expected) => {
  expect(about(value)).toEqual(expected)
})

test('all flags stand in the mask and leave the pfn alone; without devmap PTEs nothing is devmap', () => {
  const all = pfnToPfnT(2 ** 40 - 1, SG_CHAIN | SG_LAST | DEV | MAP | SPECIAL)
  expect([all >> 59n, pfnTToPfn(all)]).toEqual([0x1fn, 2 ** 40 - 1])
  expect(pfnTDevmap(all, false)).toBe(false)
})

test('a page, its physical address and its place in the direct map of each era', () => {
  expect([pfnToPhys(0x100000), physToPfn(4n * GIB + 4095n)]).toEqual([4n * GIB, 0x100000])
  expect([pfnToVirt(0x100000, 'seed'), pfnToVirt(0x100000, 'linux-6.1')]).toEqual(['0xffff880100000000', '0xffff888100000000'])
  for (const rules of ['seed', 'linux-6.1'] as const) {
    expect(virtToPfn(pfnToVirt(0x123456, rules), rules)).toBe(0x123456)
    expect(virtToPfn(`0x${(directMap[rules] - 1n).toString(16)}`, rules)).toBe(null)
  }
})
