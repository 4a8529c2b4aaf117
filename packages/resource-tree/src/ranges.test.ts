/** The KUnit suite `resource` of Linux 6.1, and the other helpers of include/linux/ioport.h. */
import { describe, expect, test } from 'vitest'
import { ioresource } from './flags.ts'
import { printResource } from './print.ts'
import { resourceAlignment, resourceContains, resourceIntersection, resourceSize, resourceUnion, type AddressRange } from './ranges.ts'

const [r0, r1, r2, r3, r4] = [
  { start: 0n, end: 0xffffn },
  { start: 0x1234n, end: 0x2345n },
  { start: 0x4567n, end: 0x5678n },
  { start: 0x6789n, end: 0x789an },
  { start: 0x2000n, end: 0x7000n },
] as const

type Case = readonly [a: AddressRange, b: AddressRange, expected: AddressRange | null]

test.each<Case>([
  [r1, r0, r0],
  [r2, r0, r0],
  [r3, r0, r0],
  [r4, r0, r0],
  [r2, r1, null],
  [r3, r1, null],
  [r4, r1, { start: 0x1234n, end: 0x7000n }],
  [r2, r3, null],
  [r2, r4, r4],
  [r3, r4, { start: 0x2000n, end: 0x789an }],
])('union of %o and %o', (a, b, expected) => {
  expect([resourceUnion(a, b), resourceUnion(b, a)]).toEqual([expected, expected])
})

test.each<Case>([
  [r1, r0, r1],
  [r2, r0, r2],
  [r3, r0, r3],
  [r4, r0, r4],
  [r2, r1, null],
  [r3, r1, null],
  [r4, r1, { start: 0x2000n, end: 0x2345n }],
  [r2, r3, null],
  [r2, r4, r2],
  [r3, r4, { start: 0x6789n, end: 0x7000n }],
])('intersection of %o and %o', (a, b, expected) => {
  expect([resourceIntersection(a, b), resourceIntersection(b, a)]).toEqual([expected, expected])
})

test('touching is not overlapping', () => {
  expect(resourceUnion({ start: 0n, end: 9n }, { start: 10n, end: 19n })).toBe(null)
})

test('one contains the other only if they are of one type and both are set', () => {
  const [outer, inner] = [
    { ...r0, flags: ioresource.MEM },
    { ...r1, flags: ioresource.MEM | ioresource.BUSY },
  ]
  expect(resourceContains(outer, inner)).toBe(true)
  expect(resourceContains(inner, outer)).toBe(false)
  expect(resourceContains({ ...outer, flags: ioresource.IO }, inner)).toBe(false)
  expect(resourceContains({ ...outer, flags: ioresource.MEM | ioresource.UNSET }, inner)).toBe(false)
  expect(resourceContains(outer, { ...inner, flags: ioresource.MEM | ioresource.UNSET })).toBe(false)
})

const flagged = (flags: bigint): bigint => resourceAlignment({ start: 0x3000n, end: 0x4fffn, flags })

test('sizes and alignments', () => {
  expect(resourceSize({ start: 0n, end: 2n ** 64n - 1n })).toBe(0n)
  expect(flagged(ioresource.SIZEALIGN)).toBe(0x2000n)
  expect(flagged(ioresource.STARTALIGN)).toBe(0x3000n)
  expect(flagged(ioresource.SIZEALIGN | ioresource.STARTALIGN)).toBe(0n)
  expect(flagged(ioresource.MEM)).toBe(0n)
})

describe('%pR', () => {
  test.each([
    [0x1000n, 0x1fffn, ioresource.MEM, '[mem 0x00001000-0x00001fff]'],
    [0x60n, 0x6fn, ioresource.IO, '[io  0x0060-0x006f]'],
    [0x60n, 0x60n, ioresource.IO, '[io  0x0060]'],
    [0n, 0xfffn, ioresource.MEM | ioresource.UNSET, '[mem size 0x1000]'],
    [
      0x1000n,
      0x1fffn,
      ioresource.MEM | ioresource.MEM_64 | ioresource.PREFETCH | ioresource.WINDOW,
      '[mem 0x00001000-0x00001fff 64bit pref window]',
    ],
    [0x1000n, 0x1fffn, ioresource.MEM | ioresource.DISABLED, '[mem 0x00001000-0x00001fff disabled]'],
    [0n, 0xffn, ioresource.BUS, '[bus 00-ff]'],
    [6n, 7n, ioresource.IRQ, '[irq 6-7]'],
  ])('%o to %o of %o', (start, end, flags, expected) => {
    expect(printResource({ start, end, flags })).toBe(expected)
  })
})
