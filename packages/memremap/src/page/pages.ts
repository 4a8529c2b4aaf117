/**
 * References to the pages of one pagemap. Only pages whose count is not known to be idle have a record; counts are
 * those of `struct page`, where 1 is idle (FS_DAX and GENERIC, Linux 6.1).
 */
import { between, isExact, plus, rangeOf, type Count, type Pfn, type Pointer } from '@devtrail/events'

/** The count of a page that nobody references. */
export const IDLE = 1
/** What one FOLL_PIN adds to the count of a small page (GUP_PIN_COUNTING_BIAS). */
export const PIN_BIAS = 1024

/** Somebody who took references and has not been seen to give them back. */
export interface Holder {
  pid: number | null
  comm: string | null
  kind: 'get' | 'pin'
  refs: number
  /** The event that took them. */
  seq: number
  /** The bio or pipe that has them now. */
  within?: { kind: 'bio' | 'pipe'; pointer: Pointer }
}

/** What may hold references for a task. */
export type Within = NonNullable<Holder['within']>

export interface PageRecord {
  pfn: Pfn
  refcount: Count
  /** Oldest first. */
  holders: Holder[]
  /** False when a gap came after the last evidence: the references may have been given back. */
  sure: boolean
  /** The event that changed it last. */
  changedAt: number
}

export type Pages = Map<Pfn, PageRecord>

/** What n references of a kind add to the count. A compound page counts its pins elsewhere as well, and once here. */
export const weight = (kind: 'get' | 'pin', refs: number, order: number): number => (kind === 'pin' && order === 0 ? refs * PIN_BIAS : refs)

function record(pages: Pages, pfn: Pfn, unseen: Count): PageRecord {
  return pages.get(pfn) ?? added(pages, pfn, unseen, 0)
}

/**
 * Records and holders that are no page's any more. A long recording has millions of them, each for a moment: made anew they would be
 * nearly all of its garbage, and what tables of pages have left behind keeps that alive for long.
 */
const spareRecords: PageRecord[] = []
const spareHolders: Holder[] = []
const SPARE_MAX = 8192

function added(pages: Pages, pfn: Pfn, refcount: Count, changedAt: number): PageRecord {
  const spare = spareRecords.pop()
  const page = spare ?? { pfn, refcount, holders: [], sure: true, changedAt }
  if (spare !== undefined) {
    page.pfn = pfn
    page.refcount = refcount
    page.sure = true
    page.changedAt = changedAt
  }
  pages.set(pfn, page)
  return page
}

function removed(pages: Pages, page: PageRecord): void {
  pages.delete(page.pfn)
  if (spareRecords.length === SPARE_MAX) return
  while (page.holders.length > 0) page.holders.pop()
  spareRecords.push(page)
}

/** Somebody who took references with the event `seq`. */
export function newHolder(pid: number | null, comm: string | null, kind: 'get' | 'pin', refs: number, seq: number): Holder {
  const holder = spareHolders.pop()
  if (holder === undefined) return { pid, comm, kind, refs, seq }
  holder.pid = pid
  holder.comm = comm
  holder.kind = kind
  holder.refs = refs
  holder.seq = seq
  return holder
}

/**
 * New evidence of a page: it is sure again. Those who held it before what made it unsure are named no longer, unless the
 * count just seen is the highest possible: then none of their references was given back.
 */
function confirm(page: PageRecord, seen: number | null): void {
  if (!page.sure && seen !== rangeOf(page.refcount).hi) page.holders = []
  page.sure = true
}

/** After a gap: the references may have been given back, and others taken. */
export function forgetPages(pages: Pages, idle = IDLE): void {
  for (const page of pages.values()) {
    page.refcount = between(idle, Infinity)
    page.sure = false
  }
}

/** What is left to say of a count when references may have been given back: most are said to be so already. */
function doubted(count: Count, idle: number): Count {
  if (count !== null && typeof count !== 'number' && count.atLeast === idle && (count.atMost === null || count.atMost > idle)) return count
  return between(idle, Math.max(idle, rangeOf(count).hi))
}

/** References to a page may be given back unseen from here on. */
export function doubtPage(page: PageRecord, idle = IDLE): void {
  page.refcount = doubted(page.refcount, idle)
  page.sure = false
}

/** References were given back somewhere: any of these may have been. */
export function doubtPages(pages: Pages, idle = IDLE): void {
  for (const page of pages.values()) doubtPage(page, idle)
}

/**
 * References were taken. The count that was sampled when the attempt `began` outranks what was counted, unless somebody else changed
 * the count since: two CPUs that race for a page sample the same count.
 */
export function grab(
  pages: Pages,
  pfn: Pfn,
  before: number | null,
  began: number,
  holder: Holder,
  order: number,
  complete: boolean,
  idle = IDLE,
): void {
  const taken = weight(holder.kind, holder.refs, order)
  const page = pages.get(pfn)
  if (page === undefined) {
    const base = before ?? (complete ? idle : between(idle, Infinity))
    added(pages, pfn, plus(base, taken), holder.seq).holders.push(holder)
    return
  }
  const seen = page.changedAt > began ? null : before
  const base = seen ?? page.refcount
  confirm(page, seen)
  if (seen === idle) page.holders = [holder]
  else page.holders.push(holder)
  page.refcount = plus(base, taken)
  page.changedAt = holder.seq
}

/** Takes references off the holders: of the one who puts if it holds any of that kind, else of the oldest. */
function drop(page: PageRecord, pid: number | null, kind: 'get' | 'pin', refs: number): void {
  let left = refs
  while (left > 0 && page.holders.length > 0) {
    const at = whoPuts(page.holders, pid, kind)
    const holder = page.holders[at]!
    const taken = Math.min(left, holder.refs)
    holder.refs -= taken
    left -= taken
    if (holder.refs > 0) continue
    if (page.holders.length === 1) page.holders.pop()
    else page.holders.splice(at, 1)
    if (holder.within === undefined && spareHolders.length < SPARE_MAX) spareHolders.push(holder)
  }
}

/** The place of the holder that a put is of, among those there are. */
function whoPuts(holders: readonly Holder[], pid: number | null, kind: 'get' | 'pin'): number {
  let alike = -1
  for (let i = 0; i < holders.length; i++) {
    const holder = holders[i]!
    if (holder.kind !== kind) continue
    if (holder.pid === pid) return i
    if (alike < 0) alike = i
  }
  return Math.max(alike, 0)
}

/** References were given back. Returns true when the page is now known to be idle. */
export function put(
  pages: Pages,
  pfn: Pfn,
  before: number | null,
  pid: number | null,
  kind: 'get' | 'pin',
  refs: number,
  order: number,
  idle = IDLE,
): boolean {
  const page = pages.get(pfn)
  const n = weight(kind, refs, order)
  if (page === undefined) return before !== null && settle(pages, record(pages, pfn, before - n), idle)
  if (before !== null) confirm(page, before)
  page.refcount = plus(before ?? page.refcount, -n, idle)
  drop(page, pid, kind, refs)
  return settle(pages, page, idle)
}

/** A page was given out: one reference, whatever was there before. */
export function allocate(pages: Pages, pfn: Pfn, holder: Holder): void {
  pages.set(pfn, { pfn, refcount: 1, holders: [holder], sure: true, changedAt: holder.seq })
}

/** The last reference was given back, seen or not: nobody has the page. */
export function freed(pages: Pages, pfn: Pfn): void {
  const page = pages.get(pfn)
  if (page !== undefined) removed(pages, page)
}

/** A page was put by somebody who had no reference: its count is below the idle one, and seen. */
export function putBeyondLast(pages: Pages, pfn: Pfn, count: number, seq: number): void {
  pages.set(pfn, { pfn, refcount: count, holders: [], sure: true, changedAt: seq })
}

/** References of a page that one had are another's. */
export function hand(page: PageRecord, from: Within | null, pid: number | null, to: Within | null, comm: string | null): void {
  const holder = page.holders.find((h) => (from === null ? h.within === undefined && h.pid === pid : h.within?.pointer === from.pointer))
  if (holder === undefined) return
  if (to !== null) {
    holder.within = to
    return
  }
  delete holder.within
  holder.pid = pid
  holder.comm = comm
}

/** A put may have happened, or not: the count is one lower or unchanged. */
export function maybePut(pages: Pages, pfn: Pfn, refs: number, idle = IDLE): void {
  const page = pages.get(pfn)
  if (page === undefined) return
  const { lo, hi } = rangeOf(page.refcount)
  page.refcount = between(Math.max(idle, lo - refs), hi)
}

/** The count was seen. Returns true when the page is idle. */
export function sample(pages: Pages, pfn: Pfn, refcount: number, idle = IDLE): boolean {
  const page = record(pages, pfn, refcount)
  confirm(page, refcount)
  page.refcount = refcount
  return settle(pages, page, idle)
}

/** Forgets a page that is idle, or of which nothing is left to tell; says whether it is known to be idle. */
function settle(pages: Pages, page: PageRecord, idle: number): boolean {
  const { refcount, sure } = page
  const isIdle = isExact(refcount) && refcount <= idle
  if (isIdle || (!sure && page.holders.length === 0)) removed(pages, page)
  return isIdle && sure
}

/** Whether a record proves references beyond the idle one. */
export const isReferenced = (page: PageRecord, idle = IDLE): boolean => page.sure && rangeOf(page.refcount).lo > idle
