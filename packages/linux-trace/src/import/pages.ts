/** References to pages: mm/gup.c, the ends of bios and pipe buffers. */
import { foll, memoryType, type Pagemap } from '@devtrail/memremap'
import { follFlagsOf } from '../kernel-version.ts'
import { halves, int, pointer } from '../values.ts'
import type { ProbeHit } from '../probe-hit.ts'
import type { ImportContext } from './context.ts'
import { findNamed, namesPagemap } from './named-by-page.ts'
import { isTailWord, ownerOf, ownerOfRun, pfnOf, type PageOwner } from './page-owner.ts'

const PAGE_BYTES = 4096
/** GUP_PIN_COUNTING_BIAS. */
const PIN_BIAS = 1024
/** Vectors of a bio that the probe fetches. */
const VECTORS_SEEN = 3
/** No sane count of a page is larger; what is read from a vanished struct page may be anything. */
const REFCOUNT_MAX = 1 << 24

export const kindOf = (flags: number): 'get' | 'pin' | null => ((flags & foll.PIN) !== 0 ? 'pin' : (flags & foll.GET) !== 0 ? 'get' : null)

/** A count read from a struct page that still exists; null for what cannot be one. */
const sane = (refcount: number | null, { pagemap, byWord }: PageOwner): number | null => saneCount(refcount, pagemap, byWord === true)

/** The same of a page of a pagemap, which the page itself names or not. */
export function saneCount(refcount: number | null, pagemap: Pagemap | undefined, byWord: boolean): number | null {
  // After a gap the memory may be gone, unless the page's own word names the pagemap.
  if (pagemap === undefined || !(pagemap.sure || byWord)) return null
  return refcount !== null && refcount >= 0 && refcount <= REFCOUNT_MAX ? refcount : null
}

/** The owner of a page whose word was fetched; one that only the page itself names is found. */
function ownerNamed(ctx: ImportContext, pfn: number | null, word: string | null, fetched: boolean): PageOwner {
  const owner = ownerOf(ctx, pfn, word, fetched)
  if (owner.pagemap !== undefined || pfn === null || word === null || isTailWord(word) || !namesPagemap(ctx, pfn)) return owner
  findNamed(ctx, pfn, word)
  return ownerOf(ctx, pfn, word, fetched)
}

export function grabStarted(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const page = pointer(f, 'page')
  if (page !== null && ctx.task.looked !== null && !f.has('vmemmap')) ctx.memmap.learn(page, ctx.task.looked)
  ctx.task.looked = null
  const pfn = pfnOf(ctx, f)
  const word = pointer(f, 'pgmap')
  const owner = ownerNamed(ctx, pfn, word, f.has('pgmap'))
  const flags = follFlagsOf(int(f, 'flags'), ctx.version) ?? 0
  const refs = int(f, 'refs') ?? 1
  const refcount = int(f, 'refcount')
  const pagemap = owner.pagemap?.id ?? null
  const seq = ctx.say('memremap/grab-started', {
    pfn,
    page: page ?? '0x0',
    pagemap,
    word,
    refcount,
    refs,
    flags,
    folio: hit.symbol !== 'try_grab_page',
  })
  const before = owner.head === null ? sane(refcount, owner) : null
  ctx.enter(hit, seq, null, { pfn, pagemap, before, refs, kind: kindOf(flags), head: owner.head })
}

/** Whether a grab succeeded: try_grab_page returns a bool (only its lowest byte counts), try_grab_folio a pointer, or from 6.11 on an errno. */
export function hasGrabbed(ctx: ImportContext, symbol: string, low: number, high: number): boolean {
  if (symbol === 'try_grab_page') return (low & 0xff) !== 0
  return symbol === 'try_grab_folio' && ctx.coverage.grabsReturnErrno ? low === 0 : low !== 0 || high !== 0
}

export function grabEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const [low, high] = halves(hit.fields, 'ret')
  const ok = hasGrabbed(ctx, hit.symbol, low!, high!)
  const { pfn, pagemap, before, refs, kind, head } = frame.data as {
    pfn: number | null
    pagemap: number | null
    before: number | null
    refs: number
    kind: 'get' | 'pin' | null
    head: number | null
  }
  const told = { cause: frame.cause }
  if (!ok) return void ctx.say('memremap/grab-refused', { pfn, pagemap }, told)
  const result = hit.symbol === 'try_grab_folio' && ctx.coverage.grabsReturnErrno ? null : pointer(hit.fields, 'ret')
  ctx.say('memremap/grabbed', { pfn, pagemap, before, head, refs: kind === null ? 0 : refs, kind: kind ?? 'get', result }, told)
  putsGoUnseen(ctx, pagemap)
}

/** Only FS_DAX pages are put through functions that are probed: others may be given back at any time, unseen. */
function putsGoUnseen(ctx: ImportContext, pagemap: number | null): void {
  const type = pagemap === null ? null : (ctx.memremap.pagemaps.get(pagemap)?.type ?? null)
  if (type !== null && type !== memoryType.FS_DAX) ctx.say('memremap/puts-unseen', { vectors: 0, pagemap }, { inferred: true })
}

/** A put of an FS_DAX page: the one place through which put_page gives such a reference back. */
export function devmapPagePut(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const pfn = pfnOf(ctx, f)
  const word = pointer(f, 'pgmap')
  const owner = ownerNamed(ctx, pfn, word, f.has('pgmap'))
  const refcount = int(f, 'refcount')
  // A pin adds this much to the count of a small page, and is given back in one.
  const given = int(f, 'refs') ?? 1
  const pins = given > 0 && given % PIN_BIAS === 0 ? given / PIN_BIAS : 0
  ctx.say('memremap/put', {
    pfn,
    pages: 1,
    pagemap: owner.pagemap?.id ?? null,
    page: pointer(f, 'page'),
    head: owner.head,
    word,
    before: owner.head === null ? sane(refcount, owner) : null,
    refs: pins > 0 ? pins : given,
    kind: pins > 0 ? 'pin' : 'get',
    how: 'put_page',
  })
  if (owner.pagemap === undefined && refcount !== null) sampledRaw(ctx, hit, pfn, refcount)
}

/** Keeps what a probe fetched where it cannot be taken for a count. */
function sampledRaw(ctx: ImportContext, hit: ProbeHit, pfn: number | null, raw: number): void {
  ctx.say('memremap/sampled', {
    pfn,
    page: pointer(hit.fields, 'page'),
    pagemap: null,
    head: null,
    refcount: null,
    raw,
    refs: null,
    flags: null,
    detail: null,
    by: hit.symbol,
  })
}

/** The end of a bio: it gives back one reference on each page of its vectors, without the wake-up of put_page. */
export function bioReleased(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const vectors = int(f, 'vcnt') ?? 0
  const seq = ctx.say('memremap/bio-released', {
    bio: pointer(f, 'bio') ?? '0x0',
    vectors,
    page0: pointer(f, 'page0'),
    len0: int(f, 'len0'),
    page1: pointer(f, 'page1'),
    len1: int(f, 'len1'),
    page2: pointer(f, 'page2'),
    len2: int(f, 'len2'),
  })
  for (let i = 0; i < Math.min(vectors, VECTORS_SEEN); i++) {
    const pfn = pfnOf(ctx, f, `page${i}`)
    const bytes = int(f, `len${i}`) ?? 0
    if (bytes <= 0) continue
    const pages = Math.ceil(bytes / PAGE_BYTES)
    const owner = ownerOfRun(ctx, pfn, pages)
    if (owner.pagemap?.start === null && ctx.compounds.has(owner.pagemap.id)) {
      // How large its compound pages are is not known: which heads these puts are counted at cannot be said.
      ctx.say('memremap/puts-unseen', { vectors: 1, pagemap: owner.pagemap.id }, { cause: [seq] })
      continue
    }
    ctx.say(
      'memremap/put',
      {
        pfn,
        pages,
        pagemap: owner.pagemap?.id ?? null,
        page: pointer(f, `page${i}`),
        head: owner.head,
        word: null,
        before: null,
        refs: 1,
        kind: 'get',
        how: 'bio',
      },
      { cause: [seq] },
    )
  }
  if (vectors > VECTORS_SEEN) ctx.say('memremap/puts-unseen', { vectors: vectors - VECTORS_SEEN, pagemap: null }, { cause: [seq] })
}

/** A pipe buffer is about to put its page: the count as it is before. */
export function pipeBufferReleased(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const pfn = pfnOf(ctx, f)
  const owner = ownerOf(ctx, pfn, null)
  const raw = int(f, 'refcount')
  // A tail page's own count reads 0; its head carries the count.
  const tail = owner.head !== null || (raw === 0 && owner.pagemap?.order !== 0)
  ctx.say('memremap/sampled', {
    pfn,
    page: pointer(f, 'page'),
    pagemap: owner.pagemap?.id ?? null,
    head: owner.head,
    refcount: tail ? null : sane(raw, owner),
    raw,
    refs: 1,
    flags: null,
    detail: pointer(f, 'ops'),
    by: hit.symbol,
  })
  putsGoUnseen(ctx, owner.pagemap?.id ?? null)
}

/** gup_put_folio and unpin_user_page: of an FS_DAX page the put itself follows; of others this is all that shows. */
export function gupPut(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const pfn = pfnOf(ctx, f)
  const owner = ownerOf(ctx, pfn, null)
  const unpin = hit.symbol === 'unpin_user_page'
  const refs = int(f, 'refs') ?? 1
  const flags = follFlagsOf(int(f, 'flags'), ctx.version)
  const page = pointer(f, 'page')
  const itself =
    owner.pagemap !== undefined && owner.pagemap.type !== null && owner.pagemap.type !== memoryType.FS_DAX && !(unpin && gupPutAhead(ctx))
  if (!itself) {
    ctx.say('memremap/sampled', {
      pfn,
      page,
      pagemap: owner.pagemap?.id ?? null,
      head: owner.head,
      refcount: null,
      raw: null,
      refs: unpin ? 0 : refs,
      flags,
      detail: null,
      by: hit.symbol,
    })
    return
  }
  const kind = unpin ? 'pin' : (kindOf(flags ?? 0) ?? 'get')
  ctx.say('memremap/put', {
    pfn,
    pages: 1,
    pagemap: owner.pagemap.id,
    page,
    head: owner.head,
    word: null,
    before: null,
    refs,
    kind,
    how: unpin ? 'unpin' : 'gup',
  })
}

/** Whether unpin_user_page goes on into gup_put_folio, which is recorded by itself. */
function gupPutAhead(ctx: ImportContext): boolean {
  const { pid } = ctx.entry
  for (const e of ctx.window.ahead()) if (e.pid === pid) return e.body.startsWith('(gup_put_folio+')
  return false
}

export function pageFreed(ctx: ImportContext, hit: ProbeHit): void {
  const page = pointer(hit.fields, 'page')
  const word = pointer(hit.fields, 'pgmap')
  const pfn = ctx.memmap.pfnOf(page)
  const { pagemap } = ownerNamed(ctx, pfn, word, hit.fields.has('pgmap'))
  ctx.say('memremap/page-freed', { page: page ?? '0x0', word, pfn, pagemap: pagemap?.id ?? null })
}
