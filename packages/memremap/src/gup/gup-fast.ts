/**
 * The fast walk of get_user_pages (gup_pte_range, __gup_device_huge; mm/gup.c, arch/x86/mm/gup.c): no lock, interrupts off. It
 * takes pages table by table as long as nothing is in its way, and leaves the rest to the slow one. A page without a live
 * pagemap costs what was taken from its table, and nothing of the tables before.
 */
import { PMD_PAGES, sameEntry, type PageEntry } from '../fault/address-space.ts'
import { foll } from '../page/foll.ts'
import type { FreeingOwner } from '../page/page-references.ts'
import type { GupRules } from '../rules.ts'
import type { Steps } from '../tasks.ts'
import type { Visit, Walk, WalkOutcome } from './walk.ts'
import type { WalkLookups } from './walk-lookups.ts'

/** Takes up to `count` pages from `page` on; stops at the first that it cannot have. */
export function* walkFast<P extends FreeingOwner>(walk: Walk<P>, rules: GupRules, page: number, count: number): Steps<void> {
  for (let at = page; at < page + count;) {
    const end = Math.min(page + count, (Math.floor(at / PMD_PAGES) + 1) * PMD_PAGES)
    const found = walk.space.find(at)
    const lookups = walk.lookups()
    const whole =
      found?.pmd === true
        ? yield* takeHuge(walk, rules, lookups, at, end - at, found.entry)
        : yield* takeTable(walk, rules, lookups, at, end)
    walk.lookupsOwed += lookups.owed
    if (!whole) return
    at = end
  }
}

/** `gup_pte_range`: the pages of one table. */
function* takeTable<P extends FreeingOwner>(
  walk: Walk<P>,
  rules: GupRules,
  lookups: WalkLookups<P>,
  first: number,
  end: number,
): Steps<boolean> {
  const start = walk.pfns.length
  let whole = true
  for (let page = first; whole && page < end; page++) {
    const entry = walk.space.find(page)?.entry ?? null
    const before = lookups.cached
    const outcome = yield* takePte(walk, rules, lookups, page, entry)
    if (outcome === 'taken') walk.pfns.push(entry!.pfn)
    else if (outcome === 'no-pagemap') walk.undo(start)
    const visit: Visit = { page, entry, pmd: false, pfn: entry?.pfn ?? null }
    whole = walk.visited('fast', visit, outcome, outcome === 'taken' ? 1 : 0, before, lookups.cached)
    yield null
  }
  if (!rules.putsLookupEachPage) lookups.end()
  return whole
}

function* takePte<P extends FreeingOwner>(
  walk: Walk<P>,
  rules: GupRules,
  lookups: WalkLookups<P>,
  page: number,
  entry: PageEntry | null,
): Steps<WalkOutcome> {
  if (entry === null) return 'none'
  const unasked = entry.devmap && rules.devmapSkipsPermission
  if (entry.protnone || (walk.write && !entry.writable && !unasked)) return 'not-permitted'
  if (entry.devmap) {
    if (rules.refusesLongTerm && walk.has(foll.LONGTERM)) return 'long-term'
    if (!lookups.find(entry.pfn)) return 'no-pagemap'
  } else if (entry.special) return 'special'
  yield null
  if (!walk.grab(entry.pfn)) return 'grab-refused'
  if (rules.rechecksEntries) {
    yield null
    if (!sameEntry(walk.space.find(page)?.entry ?? null, entry)) {
      walk.put(entry.pfn)
      return 'changed'
    }
  }
  if (rules.putsLookupEachPage) lookups.put()
  entry.young = true
  return 'taken'
}

/** `__gup_device_huge`: neighbouring pages of one entry of 2 MiB, all or none. */
function* takeHuge<P extends FreeingOwner>(
  walk: Walk<P>,
  rules: GupRules,
  lookups: WalkLookups<P>,
  page: number,
  count: number,
  entry: PageEntry,
): Steps<boolean> {
  const start = walk.pfns.length
  const outcome = yield* takeHugePages(walk, rules, lookups, page, count, entry)
  const refusedUnput = outcome === 'grab-refused' && !rules.hugeRefusalPuts
  if (outcome !== 'taken' && !refusedUnput && walk.pfns.length > start) walk.undo(start)
  if (!rules.putsLookupEachPage && !refusedUnput) lookups.end()
  const pfn = entry.pfn + (page % PMD_PAGES)
  return walk.visited('fast', { page, entry, pmd: true, pfn }, outcome, outcome === 'taken' ? count : 0, null, lookups.cached)
}

function* takeHugePages<P extends FreeingOwner>(
  walk: Walk<P>,
  rules: GupRules,
  lookups: WalkLookups<P>,
  page: number,
  count: number,
  entry: PageEntry,
): Steps<WalkOutcome> {
  if (walk.write && !entry.writable) return 'not-permitted'
  if (!entry.devmap) return 'special'
  if (rules.refusesLongTerm && walk.has(foll.LONGTERM)) return 'long-term'
  const pfn = entry.pfn + (page % PMD_PAGES)
  for (let n = 0; n < count; n++) {
    if (!lookups.find(pfn + n)) return 'no-pagemap'
    yield null
    if (!walk.grab(pfn + n)) return 'grab-refused'
    walk.pfns.push(pfn + n)
    if (rules.putsLookupEachPage) lookups.put()
  }
  yield null
  if (rules.rechecksEntries && !sameEntry(walk.space.find(page)?.entry ?? null, entry)) return 'changed'
  entry.young = true
  return 'taken'
}
