import { hex, type Invariant } from '@devtrail/events'
import { translationAt } from '../fault/translations.ts'
import type { MemremapState } from '../memremap-state.ts'
import { actorOf, broken, own } from '../page/page-invariants.ts'

/** Writing needs permission. */
export const writeOfReadOnlyPage: Invariant<MemremapState> = {
  id: 'memremap/write-reference-to-read-only',
  on: ['entry-walked'],
  says: 'A page that is referenced for writing is mapped writable.',
  because: 'the fast walk took device pages before it asked whether they may be written (fixed by ef947b2529f9).',
  judge: (_, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/entry-walked' || event.data.outcome !== 'taken' || !event.data.write || event.data.writable) return []
    const { pfn, pages, address } = event.data
    const summary = `${actorOf(any)} took page ${hex(pfn ?? 0)} at ${hex(address)} for writing; it is mapped read-only`
    return [broken('memremap/write-reference-to-read-only', any, { summary, pfn: pfn ?? 0, pages, data: { address: hex(address) } })]
  },
}

/** A page is what its address maps. */
export const pageOfNoTranslation: Invariant<MemremapState> = {
  id: 'memremap/page-of-no-translation',
  on: ['entry-walked'],
  says: 'A page that a walk took is what the address maps once it has the reference.',
  because: 'the walk did not look again at an entry of 2 MiB: what was unmapped meanwhile stayed referenced (fixed by a9b6de77b1a3).',
  judge: (state, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/entry-walked' || event.data.outcome !== 'taken' || event.data.pfn === null) return []
    const { mm, address, pages } = event.data
    const space = state.spaces.get(mm)
    if (space === undefined || !space.complete) return []
    const page = Number(address >> 12n)
    const now = translationAt(space, page)
    const maps = now === null ? null : now.pfn + (now.pages > 1 ? page % now.pages : 0)
    if (maps === event.data.pfn) return []
    const summary = `${actorOf(any)} took page ${hex(event.data.pfn)} at ${hex(address)}, which maps ${maps === null ? 'nothing' : hex(maps)} by now`
    return [
      broken('memremap/page-of-no-translation', any, {
        summary,
        pfn: event.data.pfn,
        pages,
        evidence: now === null ? [] : [now.seq],
        data: { address: hex(address), maps: maps === null ? null : hex(maps) },
      }),
    ]
  },
}

/** A walk leaves no lookup. */
export const walkLookupsUnbalanced: Invariant<MemremapState> = {
  id: 'memremap/walk-lookups-unbalanced',
  on: ['gup-ended'],
  says: 'A walk gives back each pagemap reference that its lookups took, and no other.',
  because:
    'the slow walk of the 2015 series never put its lookups; early returns skipped the put (5.0 error handling, 6401c4eb57f9); a stale lookup was put once for each page (until a8f0f9e49956).',
  judge: (_, any) => {
    const event = own(any)
    if (event?.type !== 'memremap/gup-ended' || event.data.lookups === 0) return []
    const { lookups, pages, mm } = event.data
    const what =
      lookups > 0
        ? `left ${lookups} pagemap references of its lookups behind`
        : `gave ${-lookups} pagemap references back that its lookups never took`
    const summary = `a walk of get_user_pages by ${actorOf(any)} that took ${pages} pages ${what}`
    const violation = broken('memremap/walk-lookups-unbalanced', any, { summary, pfn: 0, evidence: any.cause })
    return [{ ...violation, data: { lookups, pages, mm }, about: [] }]
  },
}

export const gupInvariants: readonly Invariant<MemremapState>[] = [writeOfReadOnlyPage, pageOfNoTranslation, walkLookupsUnbalanced]
