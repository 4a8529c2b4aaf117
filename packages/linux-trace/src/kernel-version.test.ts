import { expect, it } from 'vitest'
import { foll } from '@devtrail/memremap'
import { follFlagsOf, kernelVersion, memoryTypeOf } from './kernel-version.ts'

it.each([
  ['Linux (none) 6.1.0-56-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16) x86_64 GNU/Linux', 6001],
  ['Linux box 5.10.0-32-amd64 #1', 5010],
  ['Linux 7.2.13+deb14-amd64', 7002],
  ['Linux x 6.12.107+deb13-amd64 #1', 6012],
  ['', null],
  [undefined, null],
])('%s is %s', (uname, version) => {
  expect(kernelVersion(uname)).toBe(version)
})

it('a type of memory is numbered as 6.1 does, which has one more than 5.10', () => {
  expect([1, 2, 3, 4, null].map((raw) => memoryTypeOf(raw, 5010))).toEqual([1, 3, 4, 5, null])
  expect([1, 2, 3].map((raw) => memoryTypeOf(raw, 6001))).toEqual([1, 2, 3])
  expect(memoryTypeOf(2, null)).toBe(2)
})

it('the flags of get_user_pages are numbered as 6.1 does, whichever kernel printed them', () => {
  expect(follFlagsOf(0x2, 6012)).toBe(foll.GET)
  expect(follFlagsOf(0x80001, 7002)).toBe(foll.PIN | foll.WRITE)
  expect(follFlagsOf(0x4, 6001)).toBe(foll.GET)
  expect(follFlagsOf(0x4, null)).toBe(0x4)
  expect(follFlagsOf(0x1002, 6012)).toBe(foll.GET | (1 << 30))
  expect(follFlagsOf(null, 6012)).toBeNull()
})
