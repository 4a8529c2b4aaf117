import { hex, rangeOf, type AnyEvent, type Invariant, type Json, type Pfn, type Violation } from '@devtrail/events'
import type { MemremapEvent } from '../events.ts'
import { holdOf } from '../gup/open-walks.ts'
import type { MemremapState } from '../memremap-state.ts'
import { headOf, type Pagemap } from '../pagemap/pagemap.ts'
import { isReferenced, type PageRecord } from './pages.ts'

/** An event of this package, or null. */
export const own = (event: AnyEvent): MemremapEvent | null =>
  event.type.startsWith('memremap/') ? (event as unknown as MemremapEvent) : null

export interface Broken {
  readonly summary: string
  readonly pfn: Pfn
  readonly pages?: number
  /** Events that prove it, but for the one that shows it. */
  readonly evidence?: readonly number[]
  readonly possible?: boolean
  readonly data?: { readonly [key: string]: Json }
}

/** A violation that an event shows. */
export function broken(
  rule: string,
  event: AnyEvent,
  { summary, pfn, pages = 1, evidence = [], possible = false, data = {} }: Broken,
): Violation {
  return {
    rule,
    certainty: possible ? 'possible' : 'certain',
    seq: event.seq,
    time: event.time,
    device: event.device,
    summary,
    evidence: [...new Set([...evidence, event.seq])].toSorted((a, b) => a - b),
    data: { pfn: hex(pfn), ...data },
    about: [{ first: pfn, last: pfn + pages - 1 }],
  }
}

/** The task that acts, for a person. */
export const actorOf = (event: AnyEvent): string =>
  event.actor === null ? 'an unknown task' : `${event.actor.comm} (pid ${event.actor.pid})`

const takersOf = (page: PageRecord): string => page.holders.map((h) => `${h.comm ?? 'an unknown task'} (pid ${h.pid ?? '?'})`).join(', ')

function unbalanced(p: Pagemap, pfn: Pfn, event: AnyEvent): Violation[] {
  const held = p.holds?.get(pfn) ?? 0
  const page = p.pages.get(pfn)
  const idle = page === undefined || rangeOf(page.refcount).hi <= p.idle
  if (held === 0 || (held > 0 && !idle)) return []
  const rule = 'memremap/pagemap-hold-unbalanced'
  const what =
    held < 0
      ? `gave ${-held} more references of its pagemap back than its references took`
      : `is idle and still holds its pagemap ${held} times`
  return [broken(rule, event, { summary: `page ${hex(pfn)} ${what}, by ${actorOf(event)}`, pfn, data: { held, pagemap: p.pointer } })]
}

/** What a page's references hold of its pagemap. */
export const pagemapHoldUnbalanced: Invariant<MemremapState> = {
  id: 'memremap/pagemap-hold-unbalanced',
  on: ['pagemap-held', 'put'],
  says: 'A page gives back of its pagemap what its references took, no more and no less.',
  because:
    'as long as page references held the pagemap, whoever took one by another way let its reference underflow (fixed by 71389703839e); pages handed out one by one needed one each (27674ef6c73f, 0dc45ca1ce18).',
  judge: (state, any) => {
    const event = own(any)
    if (event?.type === 'memremap/pagemap-held') {
      const p = state.pagemaps.get(event.data.pagemap)
      return p === undefined || (p.holds?.get(event.data.pfn) ?? 0) >= 0 ? [] : unbalanced(p, event.data.pfn, any)
    }
    if (event?.type !== 'memremap/put' || event.data.pagemap === null || event.data.pfn === null) return []
    const p = state.pagemaps.get(event.data.pagemap)
    // A page that is handed out one by one gives its pagemap back when it is freed, after its last put.
    if (p === undefined || p.holds === null || p.holds.size === 0 || p.idle === 0) return []
    const heads = new Set(Array.from({ length: event.data.pages }, (_, n) => headOf(p, event.data.pfn! + n)))
    return [...heads].flatMap((pfn) => ((p.holds?.get(pfn) ?? 0) > 0 ? unbalanced(p, pfn, any) : []))
  },
}

/** Puts have gets. */
export const putBeyondLastRule: Invariant<MemremapState> = {
  id: 'memremap/put-beyond-last',
  on: ['put-beyond-last'],
  says: 'Nobody puts a page that nobody references.',
  because: 'Linux 6.1 does not notice: the count of an FS_DAX page falls below the idle one, and who comes next is told that it is idle.',
  judge: (_, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/put-beyond-last') return []
    const { pfn, count } = event.data
    const summary = `page ${hex(pfn)} was put by ${actorOf(any)} though nobody referenced it; its count is ${count}`
    return [broken('memremap/put-beyond-last', any, { summary, pfn, data: { count } })]
  },
}

/** Memory that is gone is not put. */
export const putAfterRemovalRule: Invariant<MemremapState> = {
  id: 'memremap/put-after-removal',
  on: ['put'],
  says: 'No page is put after its memory was removed.',
  because:
    'the struct page is gone or another’s by then: the put goes wherever that memory is now, and what the reference held of the pagemap or its queue is never given back.',
  judge: (state, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/put' || event.data.pfn === null || state.proven === null) return []
    const p = state.pagemaps.get(state.proven)
    if (p?.removal?.proof?.seq !== any.seq) return []
    const { pfn, pages } = event.data
    const what = pages === 1 ? `page ${hex(pfn)} was` : `${pages} pages from ${hex(pfn)} on were`
    const summary = `${what} put by ${actorOf(any)} after the memory was removed: the put went nowhere`
    const violation = broken('memremap/put-after-removal', any, {
      summary,
      pfn,
      pages,
      evidence: [p.removal.seq],
      data: { pagemap: p.pointer },
    })
    return [{ ...violation, device: p.device ?? any.device }]
  },
}

/** A device page is on no list. */
export const pagemapPointerOverwritten: Invariant<MemremapState> = {
  id: 'memremap/pagemap-pointer-overwritten',
  on: ['list-added'],
  says: 'A device page is never linked into a list: the words are those of its pagemap.',
  because: 'the pagemap pointer lies where an ordinary page has its place on a list; whoever links it destroys it, warned or not.',
  judge: (_, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/list-added' || event.data.pagemap === null || event.data.pfn === null) return []
    const { pfn, word0 } = event.data
    const summary = `${actorOf(any)} linked device page ${hex(pfn)} into a list: its pagemap pointer ${word0} is gone`
    return [broken('memremap/pagemap-pointer-overwritten', any, { summary, pfn, data: { pagemap: word0, warned: event.data.warned } })]
  },
}

/** Poison marks device pages. */
export const poisonElsewhere: Invariant<MemremapState> = {
  id: 'memremap/poison-elsewhere',
  on: ['list-added'],
  says: 'What lists take for the mark of a device page is on device pages alone.',
  because: 'a list_head on a stack may hold the same words by chance, and was warned about (list_force_poison; gone with d77a117e6871).',
  judge: (_, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/list-added' || event.data.pagemap !== null || !event.data.warned) return []
    const { entry, word0, word1 } = event.data
    const summary = `list entry ${entry} of ${actorOf(any)} is in no device page and was warned about as one (${word0}, ${word1})`
    return [{ ...broken('memremap/poison-elsewhere', any, { summary, pfn: 0 }), data: { entry, word0, word1 }, about: [] }]
  },
}

/** Failure gives back. */
export const referenceKeptByFailure: Invariant<MemremapState> = {
  id: 'memremap/reference-kept-by-failure',
  on: ['soft-offlined'],
  says: 'What was to give a reference back in any case does so when it fails.',
  because: 'soft_offline_page returned early for device pages and kept the reference of its caller (fixed by dad4e5b39086).',
  judge: (state, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/soft-offlined' || !event.data.counted || event.data.errno === 0 || event.data.pagemap === null) return []
    const page = state.pagemaps.get(event.data.pagemap)?.pages.get(event.data.pfn)
    const kept = page?.sure === true ? page.holders.filter((h) => h.pid === any.actor?.pid) : []
    if (kept.length === 0) return []
    const { pfn, errno } = event.data
    const summary = `soft_offline_page of ${hex(pfn)} failed (${errno}) and kept the reference that ${actorOf(any)} gave it`
    return [broken('memremap/reference-kept-by-failure', any, { summary, pfn, evidence: kept.map((h) => h.seq), data: { errno } })]
  },
}

/** Memory that is gone is not read. */
export const staleSectionUsage: Invariant<MemremapState> = {
  id: 'memremap/stale-section-usage',
  on: ['pfn-checked'],
  says: 'What says which pages of a section are valid is not freed while somebody reads it.',
  because: 'pfn_valid read the usage of a section whose removal had freed it without a grace period (fixed by 5ec8e8ea8b77).',
  judge: (_, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/pfn-checked' || !event.data.stale) return []
    const { pfn, valid } = event.data
    const summary = `pfn_valid of ${hex(pfn)} by ${actorOf(any)} read freed memory and said ${valid}`
    return [broken('memremap/stale-section-usage', any, { summary, pfn, data: { valid } })]
  },
}

/** Blocks are given up idle. */
export const freedBlockReferenced: Invariant<MemremapState> = {
  id: 'memremap/freed-block-referenced',
  on: ['blocks-freed'],
  says: 'A file gives up a block only once nobody references its page.',
  because: 'whoever has the page goes on to read or write what is another file’s by then; waits for it came with Linux 4.17.',
  judge: (state, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/blocks-freed' || event.data.pagemap === null) return []
    const p = state.pagemaps.get(event.data.pagemap)
    if (p === undefined) return []
    const found: Violation[] = []
    for (let pfn = event.data.pfn; pfn < event.data.pfn + event.data.pages; pfn++) {
      const page = p.pages.get(headOf(p, pfn))
      if (page === undefined || !isReferenced(page, p.idle)) continue
      // What a walk has on trial it gives back, or `page-of-no-translation` says that it did not.
      const holds = page.holders.map((holder) => holdOf(state, holder))
      if (holds.length > 0 && holds.every((hold) => hold === 'on-trial')) continue
      const proven = holds.includes('for-good') || (holds.length === 0 && !state.walksDoubted)
      const summary = `a file gave up page ${hex(pfn)} while it was referenced${page.holders.length > 0 ? ` by ${takersOf(page)}` : ''}`
      found.push(
        broken('memremap/freed-block-referenced', any, { summary, pfn, evidence: page.holders.map((h) => h.seq), possible: !proven }),
      )
    }
    return found
  },
}

export const pageInvariants: readonly Invariant<MemremapState>[] = [
  pagemapHoldUnbalanced,
  putBeyondLastRule,
  putAfterRemovalRule,
  pagemapPointerOverwritten,
  poisonElsewhere,
  referenceKeptByFailure,
  staleSectionUsage,
  freedBlockReferenced,
]
