/**
 * Bugs of the memremap notes, section 6, that the walks of get_user_pages had: with the old rule the named rule is broken, with
 * the fix nothing is.
 */
import { expect, test } from 'vitest'
import { Live, PAGE, PFN } from '../../test/live.ts'
import { foll } from '../page/foll.ts'
import { memremapRules } from '../rules.ts'

const linux61 = memremapRules['linux-6.1']
const UNBALANCED = ['memremap/walk-lookups-unbalanced']

test.each([
  ['before', { ...linux61, devmapSkipsPermission: true }, ['memremap/write-reference-to-read-only'], [PFN]],
  ['after', linux61, [], 0],
] as const)('bug 7, %s: a page mapped read-only, wanted for writing', (_, rules, broken, got) => {
  const live = new Live({ rules })
  live.map()
  const { space } = live.space({ write: false })
  expect(live.gup(space, 1, foll.GET | foll.WRITE | foll.FAST_ONLY)).toEqual(got)
  expect(live.broken).toEqual(broken)
})

test.each([
  ['each page puts', memremapRules.seed, UNBALANCED],
  ['once at the end', { ...memremapRules.seed, putsLookupEachPage: false, cachedLookupGets: false, otherCachedPut: true }, []],
] as const)('bug 12, %s: a device page and an anonymous one in one table', (_, rules, broken) => {
  const live = new Live({ rules })
  live.map()
  const { space } = live.space({ pages: 2 })
  live.registry.references.addOrdinary(0x42)
  space.mapOrdinary(PAGE + 1, 0x42, true)
  live.gup(space, 2, foll.GET)
  expect(live.broken).toEqual(broken)
})

test.each([
  ['before', { ...linux61, rechecksEntries: false }, ['memremap/page-of-no-translation'], 2],
  ['after', linux61, [], 1],
] as const)('bug 14, %s: 2 MiB are unmapped while the walk takes their pages', (_, rules, broken, count) => {
  const live = new Live({ rules })
  live.map()
  const { space } = live.space({ pages: 512, pmd: true })
  const walk = live.registry.userPages.pages(space, PAGE, 512, foll.GET | foll.FAST_ONLY)
  live.between(walk, 10, () => space.zap(PAGE, PAGE + 511))
  expect([live.count(PFN), live.broken]).toEqual([count, broken])
})

test.each([
  ['before', { ...linux61, slowErrorPutsLookup: false }, UNBALANCED],
  ['after', linux61, []],
] as const)('bug 16, %s: the slow walk meets the end of the area after a device page', (_, rules, broken) => {
  const live = new Live({ rules })
  live.map()
  const { space } = live.space({ pages: 2 })
  expect(live.gup(space, 3, foll.GET, { slowOnly: true })).toEqual([PFN, PFN + 1])
  expect(live.broken).toEqual(broken)
})

test.each([
  ['before', { ...linux61, hugeRefusalPuts: false }, UNBALANCED],
  ['after', linux61, []],
] as const)('bug 24, %s: a page of 2 MiB that cannot be referenced', (_, rules, broken) => {
  const live = new Live({ rules })
  live.map()
  const { space } = live.space({ pages: 512, pmd: true })
  live.registry.putPage(PFN + 3)
  live.violations.length = 0
  live.gup(space, 512, foll.GET | foll.FAST_ONLY)
  expect(live.broken).toEqual(broken)
})
