/** Which pagemap a page belongs to, by what its struct page says or by where it lies. */
import { covers, firstPfn, type Pagemap } from '@devtrail/memremap'
import type { Fields } from '../probe-hit.ts'
import type { ImportContext } from './context.ts'
import { pagemapAt } from './pagemaps.ts'

/** The pfn of a fetched struct page pointer, by the memmap's base fetched with it. */
export function pfnOf(ctx: ImportContext, f: Fields, name = 'page'): number | null {
  if (f.word('vmemmap', word)) ctx.memmap.see(word[1]!, word[0]!)
  if (!f.word(name, word) || (word[0] === 0 && word[1] === 0)) return null
  return ctx.memmap.pfnAt(word[1]!, word[0]!)
}

const word = new Uint32Array(2)

export interface PageOwner {
  readonly pagemap: Pagemap | undefined
  /** Of a tail page: the head, which carries the count. */
  readonly head: number | null
  /** Whether the page itself says so. */
  readonly byWord?: true
}

/** The code of the last decimal digit. */
const NINE = 0x39

const NOBODY: PageOwner = { pagemap: undefined, head: null }

/** Whether a struct page's word is that of a tail: odd. */
export function isTailWord(word: string): boolean {
  // The codes of odd digits are odd, those of b, d and f even.
  const digit = word.charCodeAt(word.length - 1)
  return digit > NINE ? (digit & 1) === 0 : (digit & 1) === 1
}

/** The pagemap a page belongs to: by the word in its struct page, which a tail of a compound page has plus one, or by range. */
export function ownerOf(ctx: ImportContext, pfn: number | null, word: string | null, fetched = false): PageOwner {
  // A page whose word is zero is no pagemap's.
  if (pfn === null || (fetched && word === null)) return NOBODY
  if (word !== null) {
    const isTail = isTailWord(word)
    const direct = isTail ? undefined : pagemapAt(ctx, word)
    if (direct !== undefined)
      return covers(direct, pfn) === false || direct.removal !== null ? NOBODY : { pagemap: direct, head: null, byWord: true }
    const head = isTail ? ctx.memmap.pfnOf(`0x${(BigInt(word) - 1n).toString(16)}`) : null
    const p = byRange(ctx, head ?? pfn)
    if (head !== null && p !== undefined) ctx.compounds.set(p.id, Math.max(ctx.compounds.get(p.id) ?? 0, pfn - head + 1))
    return p !== undefined && p.phase !== null ? { pagemap: p, head } : NOBODY
  }
  const p = byRange(ctx, pfn)
  return p === undefined ? behindHead(ctx, pfn) : { pagemap: p, head: null }
}

/** A 1 GiB compound page is the largest there is. */
const COMPOUND_PAGES_MAX = 1 << 18

/** A page right behind the head of a compound page of a pagemap whose range is not known yet is taken for its tail. */
function behindHead(ctx: ImportContext, pfn: number): PageOwner {
  for (const p of ctx.memremap.pagemaps.values()) {
    if (p.start !== null || p.phase === 'removed' || !ctx.compounds.has(p.id)) continue
    for (const head of p.pages.keys()) if (head < pfn && pfn < head + COMPOUND_PAGES_MAX) return { pagemap: p, head }
  }
  return NOBODY
}

/** The live pagemap with a struct page for this pfn. */
function byRange(ctx: ImportContext, pfn: number): Pagemap | undefined {
  let best: Pagemap | undefined
  for (const p of ctx.memremap.pagemaps.values()) {
    if (p.phase === 'removed' || p.removal !== null || covers(p, pfn) !== true || pfn < (firstPfn(p) ?? pfn)) continue
    // One that is known to be live comes before one that a gap left unsure, a newer one before an older one.
    if (best === undefined || best.phase === null || p.phase !== null) best = p
  }
  if (best !== undefined) return best
  // A pagemap whose range is not known yet owns the pages that were looked up through it.
  for (const p of ctx.memremap.pagemaps.values()) {
    if (p.start === null && p.phase !== 'removed' && p.pages.has(pfn)) return p
  }
  return undefined
}

/** The owner of a run of pages: of its first page, or of any other that is known to be referenced. */
export function ownerOfRun(ctx: ImportContext, pfn: number | null, pages: number): PageOwner {
  const first = ownerOf(ctx, pfn, null)
  if (first.pagemap !== undefined || pfn === null) return first
  for (const p of ctx.memremap.pagemaps.values()) {
    if (p.start !== null || p.phase === 'removed') continue
    for (const known of p.pages.keys()) if (known >= pfn && known < pfn + pages) return { pagemap: p, head: null }
  }
  return first
}
