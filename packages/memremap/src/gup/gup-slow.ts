/**
 * The slow walk of get_user_pages (__get_user_pages, follow_page_pte, follow_devmap_pmd; mm/gup.c, mm/huge_memory.c): page by
 * page, with faults. Of a device that is going a present entry gives no page and needs no fault: the walk tries again until
 * the entry is zapped or the task is killed.
 */
import { errno, type Pfn } from '@devtrail/events'
import { PMD_PAGES, type PageEntry } from '../fault/address-space.ts'
import type { DaxFaults } from '../fault/dax-fault.ts'
import { foll } from '../page/foll.ts'
import type { FreeingOwner } from '../page/page-references.ts'
import type { GupRules } from '../rules.ts'
import type { Steps } from '../tasks.ts'
import type { Walk } from './walk.ts'
import type { WalkLookups } from './walk-lookups.ts'

export interface SlowParts {
  readonly faults: DaxFaults
  /** `fatal_signal_pending`. */
  readonly killed: () => boolean
}

/** Takes up to `count` pages from `page` on. 0, or why it stopped. */
export function* walkSlow<P extends FreeingOwner>(
  walk: Walk<P>,
  rules: GupRules,
  parts: SlowParts,
  page: number,
  count: number,
): Steps<number> {
  const lookups = walk.lookups()
  let stopped = 0
  for (let at = page; stopped === 0 && at < page + count; at++) {
    stopped = refusedArea(walk, rules, at)
    if (stopped !== 0 && !rules.slowErrorPutsLookup) lookups.forget()
    if (stopped === 0) stopped = yield* takeOne(walk, rules, parts, lookups, at)
  }
  if (rules.slowPutsLookup) lookups.end()
  walk.lookupsOwed += lookups.owed
  return stopped
}

/** `check_vma_flags`. */
function refusedArea<P extends FreeingOwner>(walk: Walk<P>, rules: GupRules, page: number): number {
  const vma = walk.space.vmaAt(page)
  if (vma === null || (walk.write && !vma.writable && !walk.has(foll.FORCE))) return errno.EFAULT
  return rules.refusesLongTerm && walk.has(foll.LONGTERM) && vma.file !== null ? errno.EOPNOTSUPP : 0
}

const RETRY = { what: 'follow_page_mask', retry: true } as const

function* takeOne<P extends FreeingOwner>(
  walk: Walk<P>,
  rules: GupRules,
  { faults, killed }: SlowParts,
  lookups: WalkLookups<P>,
  page: number,
): Steps<number> {
  for (;;) {
    if (killed()) return rules.killedErrno
    const before = lookups.cached
    const found = walk.space.find(page)
    const { pfn, stop } = follow(walk, rules, lookups, page, found)
    const outcome = pfn !== null ? 'taken' : found === null ? 'none' : 'no-page'
    const visit = { page, entry: found?.entry ?? null, pmd: found?.pmd ?? false, pfn: pfn ?? found?.entry.pfn ?? null }
    walk.visited('slow', visit, outcome, pfn === null ? 0 : 1, before, lookups.cached)
    if (!rules.slowPutsLookup) lookups.forget()
    if (pfn !== null) walk.pfns.push(pfn)
    if (pfn !== null || stop !== 0) return stop
    yield RETRY
    const again = walk.space.find(page)
    if (again !== null && (!walk.write || again.entry.writable)) continue
    const faulting = { write: walk.write, pmd: again?.pmd ?? false }
    if ((yield* faults.fault(walk.space, page, faulting)) === 'sigbus') return errno.EFAULT
  }
}

interface Followed {
  readonly pfn: Pfn | null
  /** Why there can be none; 0: a fault may help. */
  readonly stop: number
}

const NONE: Followed = { pfn: null, stop: 0 }
const stopped = (stop: number): Followed => ({ pfn: null, stop })

/** `follow_page_mask`: the page behind an entry, referenced. */
function follow<P extends FreeingOwner>(
  walk: Walk<P>,
  rules: GupRules,
  lookups: WalkLookups<P>,
  page: number,
  found: { readonly entry: PageEntry; readonly pmd: boolean } | null,
): Followed {
  if (found === null || found.entry.protnone || (walk.write && !found.entry.writable)) return NONE
  const { entry, pmd } = found
  const takes = walk.has(foll.GET | foll.PIN)
  if (pmd && walk.has(foll.TOUCH)) touch(entry, walk.write)
  if ((entry.devmap || entry.special) && !(entry.devmap && takes)) {
    if (!pmd && walk.has(foll.DUMP)) return stopped(errno.EFAULT)
    if (walk.has(foll.TOUCH)) touch(entry, walk.write)
    return stopped(errno.EEXIST)
  }
  const pfn = entry.pfn + (pmd && rules.pmdOffset ? page % PMD_PAGES : 0)
  if (entry.devmap && !lookups.find(pfn)) return pmd ? stopped(errno.EFAULT) : NONE
  return walk.grab(pfn) ? { pfn, stop: 0 } : stopped(errno.ENOMEM)
}

/** An entry that was used; `write`: for writing. */
function touch(entry: PageEntry, write: boolean): void {
  entry.young = true
  entry.dirty ||= write
}
