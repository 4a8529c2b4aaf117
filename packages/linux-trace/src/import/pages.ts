/** References to pages: mm/gup.c, the ends of bios and pipe buffers, DAX layout breaking. */
import { covers, firstPfn, foll, memoryType, type Pagemap } from '@devtrail/memremap'
import { errnoOf, int, pointer, u64 } from '../values.ts'
import type { Fields, ProbeHit } from '../probes.ts'
import type { ImportContext } from './context.ts'
import { pagemapAt } from './pagemaps.ts'

const PAGE_BYTES = 4096
/** Vectors of a bio that the probe fetches. */
const VECTORS_SEEN = 3
/** No sane count of a page is larger; what is read from a vanished struct page may be anything. */
const REFCOUNT_MAX = 1 << 24

interface Owner {
  readonly pagemap: Pagemap | undefined
  /** Of a tail page: the head, which carries the count. */
  readonly head: number | null
  /** Whether the page itself says so. */
  readonly byWord?: true
}

const NOBODY: Owner = { pagemap: undefined, head: null }

/** The pagemap a page belongs to: by the word in its struct page, which a tail of a compound page has plus one, or by range. */
function ownerOf(ctx: ImportContext, pfn: number | null, word: string | null): Owner {
  if (pfn === null) return NOBODY
  if (word !== null) {
    const tail = BigInt(word) & 1n
    const direct = tail === 0n ? pagemapAt(ctx, word) : undefined
    if (direct !== undefined)
      return covers(direct, pfn) === false || direct.removal !== null ? NOBODY : { pagemap: direct, head: null, byWord: true }
    const head = tail === 1n ? ctx.pfnOf(`0x${(BigInt(word) - 1n).toString(16)}`, null) : null
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
function behindHead(ctx: ImportContext, pfn: number): Owner {
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
function ownerOfRun(ctx: ImportContext, pfn: number | null, pages: number): Owner {
  const first = ownerOf(ctx, pfn, null)
  if (first.pagemap !== undefined || pfn === null) return first
  for (const p of ctx.memremap.pagemaps.values()) {
    if (p.start !== null || p.phase === 'removed') continue
    for (const known of p.pages.keys()) if (known >= pfn && known < pfn + pages) return { pagemap: p, head: null }
  }
  return first
}

const kindOf = (flags: number): 'get' | 'pin' | null => ((flags & foll.PIN) !== 0 ? 'pin' : (flags & foll.GET) !== 0 ? 'get' : null)

/** A count read from a struct page that still exists; null for what cannot be one. */
function sane(refcount: number | null, owner: Owner): number | null {
  // After a gap the memory may be gone, unless the page's own word names the pagemap.
  if (owner.pagemap === undefined || !(owner.pagemap.sure || owner.byWord)) return null
  return refcount !== null && refcount >= 0 && refcount <= REFCOUNT_MAX ? refcount : null
}

const pfnOf = (ctx: ImportContext, f: Fields, name = 'page'): number | null => ctx.pfnOf(pointer(f, name), u64(f, 'vmemmap'))

export function grabStarted(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const pfn = pfnOf(ctx, f)
  const word = pointer(f, 'pgmap')
  const owner = ownerOf(ctx, pfn, word)
  const flags = int(f, 'flags') ?? 0
  const refs = int(f, 'refs') ?? 1
  const refcount = int(f, 'refcount')
  const pagemap = owner.pagemap?.id ?? null
  const seq = ctx.say('memremap/grab-started', {
    pfn,
    page: pointer(f, 'page') ?? '0x0',
    pagemap,
    word,
    refcount,
    refs,
    flags,
    folio: hit.symbol === 'try_grab_folio',
  })
  const before = owner.head === null ? sane(refcount, owner) : null
  ctx.enter(hit, seq, null, { pfn, pagemap, before, refs, kind: kindOf(flags), head: owner.head })
}

/** try_grab_page returns a bool (only its lowest byte counts), try_grab_folio a pointer. */
export function grabEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const ret = u64(hit.fields, 'ret') ?? 0n
  const ok = hit.symbol === 'try_grab_page' ? (ret & 0xffn) !== 0n : ret !== 0n
  const { pfn, pagemap, before, refs, kind, head } = frame.data as {
    pfn: number | null
    pagemap: number | null
    before: number | null
    refs: number
    kind: 'get' | 'pin' | null
    head: number | null
  }
  const told = { cause: [frame.seq] }
  if (!ok) ctx.say('memremap/grab-refused', { pfn, pagemap }, told)
  else
    ctx.say(
      'memremap/grabbed',
      { pfn, pagemap, before, head, refs: kind === null ? 0 : refs, kind: kind ?? 'get', result: pointer(hit.fields, 'ret') },
      told,
    )
}

/** A put of an FS_DAX page: the one place through which put_page gives such a reference back. */
export function devmapPagePut(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const pfn = pfnOf(ctx, f)
  const word = pointer(f, 'pgmap')
  const owner = ownerOf(ctx, pfn, word)
  const refcount = int(f, 'refcount')
  ctx.say('memremap/put', {
    pfn,
    pages: 1,
    pagemap: owner.pagemap?.id ?? null,
    page: pointer(f, 'page'),
    head: owner.head,
    word,
    before: owner.head === null ? sane(refcount, owner) : null,
    refs: int(f, 'refs') ?? 1,
    kind: 'get',
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
      ctx.say('memremap/puts-unseen', { vectors: 1 }, { cause: [seq] })
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
  if (vectors > VECTORS_SEEN) ctx.say('memremap/puts-unseen', { vectors: vectors - VECTORS_SEEN }, { cause: [seq] })
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
}

/** gup_put_folio and unpin_user_page: of an FS_DAX page the put itself follows; of others this is all that shows. */
export function gupPut(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const pfn = pfnOf(ctx, f)
  const owner = ownerOf(ctx, pfn, null)
  const unpin = hit.symbol === 'unpin_user_page'
  const refs = int(f, 'refs') ?? 1
  const flags = int(f, 'flags')
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
  ctx.say('memremap/page-freed', { page: page ?? '0x0', word: pointer(hit.fields, 'pgmap'), pfn: ctx.pfnOf(page, null) })
}

export function idleWaitStarted(ctx: ImportContext, hit: ProbeHit): void {
  const seq = ctx.say('memremap/idle-wait-started', { call: hit.symbol, inode: pointer(hit.fields, 'inode') })
  ctx.enter(hit, seq, null)
}

export function idleWaitEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  ctx.say('memremap/idle-wait-ended', { call: hit.symbol, errno: errnoOf(hit.fields) }, frame === null ? {} : { cause: [frame.seq] })
}

export function busyLookupStarted(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  ctx.pfnOf(null, u64(f, 'vmemmap'))
  const seq = ctx.say('memremap/busy-lookup-started', {
    mapping: pointer(f, 'mapping') ?? '0x0',
    start: u64(f, 'start'),
    end: u64(f, 'end'),
    vmemmap: pointer(f, 'vmemmap'),
  })
  ctx.enter(hit, seq, null)
}

export function busyLookedUp(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  const page = pointer(hit.fields, 'ret')
  const pfn = ctx.pfnOf(page, null)
  ctx.say(
    'memremap/busy-looked-up',
    { page, pfn, pagemap: ownerOf(ctx, pfn, null).pagemap?.id ?? null },
    frame === null ? {} : { cause: [frame.seq] },
  )
}
