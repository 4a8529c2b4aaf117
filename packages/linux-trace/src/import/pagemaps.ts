/** Pagemaps: mm/memremap.c. */
import { memoryType, type Pagemap } from '@devtrail/memremap'
import { errnoOf, errPtr, int, pointer, string, u64 } from '../values.ts'
import type { Fields, ProbeHit } from '../probe-hit.ts'
import { memoryTypeOf } from '../kernel-version.ts'
import type { ImportContext } from './context.ts'
import { deviceAtHand } from './devices.ts'
import { idleAtStart } from './idle-at-start.ts'
import { systemRamRemoved } from './tree.ts'

/** How far behind its owner's start an embedded percpu_ref can lie: structures are smaller than a page. */
const STRUCT_MAX = 4096n

/** The live pagemap at a pointer. */
export function pagemapAt(ctx: ImportContext, p: string | null): Pagemap | undefined {
  if (p === null) return undefined
  for (const m of ctx.memremap.pagemaps.values()) if (m.pointer === p && m.phase !== 'removed') return m
  return undefined
}

/** The pagemap at a pointer; one that was never seen before, or only before a gap, is found. */
export function pagemapFor(ctx: ImportContext, p: string, pfn: number | null): number {
  const known = pagemapAt(ctx, p)
  if (known !== undefined && known.phase !== null) return known.id
  // Of one that was live before a gap it cannot be said whether it still is the same.
  if (known !== undefined && !isStale(ctx, known)) return known.id
  const pagemap = ctx.ids.next('pagemap')
  const fromStart = !ctx.gapSeen
  ctx.say('memremap/pagemap-found', { pagemap, pointer: p, fromStart, idle: fromStart && idleAtStart(ctx, pfn) }, { inferred: true })
  return pagemap
}

export const isStale = (ctx: ImportContext, p: Pagemap): boolean => p.firstSeq < ctx.lastGap

/** A new pagemap at a pointer: one believed to be live there went unseen. */
function newPagemap(ctx: ImportContext, p: string): number {
  const old = pagemapAt(ctx, p)
  if (old !== undefined && !isStale(ctx, old)) ctx.say('memremap/unmapped', { pagemap: old.id }, { inferred: true })
  return ctx.ids.next('pagemap')
}

export function mapRequested(ctx: ImportContext, hit: ProbeHit): void {
  const device = deviceAtHand(ctx, string(hit.fields, 'dev') ?? '?')
  const p = pointer(hit.fields, 'pgmap') ?? '0x0'
  const pagemap = newPagemap(ctx, p)
  const sure = !ctx.isDoubtful(device)
  ctx.say('memremap/map-requested', { pagemap, device: sure ? device : null, pointer: p })
  if (sure)
    ctx.say(
      'memremap/pagemap-identified',
      { pagemap, device, namespace: null, start: null, end: null, type: null, ref: null },
      { inferred: true },
    )
  ctx.task.requested = pagemap
}

const word = new Uint32Array(2)

function pfnField(fields: Fields, name: string): number | null {
  if (!fields.word(name, word)) return null
  const pfn = word[1]! * 2 ** 32 + word[0]!
  return pfn >= 2 ** 40 ? null : pfn
}

/** The altmap's fields; a pagemap without one leaves garbage there, which its flags tell. */
function layout(fields: Fields): { altBase: number | null; reserve: number | null; free: number | null; alloc: number | null } {
  return { altBase: pfnField(fields, 'altbase'), reserve: int(fields, 'reserve'), free: int(fields, 'free'), alloc: int(fields, 'alloc') }
}

export function mapStarted(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const p = pointer(f, 'pgmap') ?? '0x0'
  const asked = ctx.task.requested
  const pagemap = asked !== null && ctx.memremap.pagemaps.get(asked)?.pointer === p ? asked : newPagemap(ctx, p)
  ctx.task.requested = null
  const start = u64(f, 'start') ?? 0n
  const end = u64(f, 'end') ?? 0n
  const type = memoryTypeOf(int(f, 'type'), ctx.version)
  const seq = ctx.say('memremap/map-started', {
    pagemap,
    pointer: p,
    start,
    end,
    type,
    ...layout(f),
    altEnd: pfnField(f, 'altend'),
    flags: int(f, 'pgmap_flags'),
    vmemmapShift: int(f, 'vmemmap_shift'),
  })
  ctx.say(
    'memremap/pagemap-identified',
    { pagemap, device: null, namespace: null, start, end, type, ref: null },
    { inferred: true, cause: [seq] },
  )
  ctx.enter(hit, seq, ctx.memremap.pagemaps.get(pagemap)?.device ?? null, { pagemap })
}

export function mapEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const pagemap = frame.data['pagemap'] as number
  const ret = u64(hit.fields, 'ret')
  const failed = ret === null ? null : errPtr(ret)
  if (failed !== null) return void ctx.say('memremap/map-failed', { pagemap, errno: failed }, { cause: frame.cause })
  overlapped(ctx, pagemap)
  ctx.say('memremap/mapped', { pagemap, address: pointer(hit.fields, 'ret') }, { cause: frame.cause })
}

/** The kernel maps no range twice: whatever was believed to be mapped there went unseen. */
function overlapped(ctx: ImportContext, pagemap: number): void {
  const p = ctx.memremap.pagemaps.get(pagemap)
  if (p?.start == null || p.end === null) return
  for (const old of ctx.memremap.pagemaps.values()) {
    if (old === p || old.phase === 'removed' || old.start === null || old.end === null) continue
    if (old.start <= p.end && p.start <= old.end) ctx.say('memremap/unmapped', { pagemap: old.id }, { inferred: true })
  }
}

/** The pagemap whose mapping or unmapping the task at hand is in. */
const pagemapInFrame = (ctx: ImportContext, symbol: string): number | null =>
  (ctx.task.frames.findLast((f) => f.symbol === symbol)?.data['pagemap'] as number | undefined) ?? null

export function memoryAddStarted(ctx: ImportContext, hit: ProbeHit): void {
  const pagemap = pagemapInFrame(ctx, 'memremap_pages')
  const seq = ctx.say('memremap/memory-add-started', {
    pagemap,
    nid: int(hit.fields, 'nid') ?? -1,
    start: u64(hit.fields, 'start') ?? 0n,
    size: u64(hit.fields, 'size') ?? 0n,
  })
  ctx.enter(hit, seq, ctx.busyWith, { pagemap })
}

export function memoryAdded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  ctx.say('memremap/memory-added', { pagemap: frame.data['pagemap'] as number | null, errno: errnoOf(hit.fields) }, { cause: frame.cause })
}

export function pagesInitialised(ctx: ImportContext, hit: ProbeHit): void {
  const p = pointer(hit.fields, 'pgmap')
  ctx.say('memremap/pages-initialised', {
    pagemap: pagemapAt(ctx, p)?.id ?? pagemapInFrame(ctx, 'memremap_pages'),
    pointer: p,
    firstPfn: pfnField(hit.fields, 'start_pfn') ?? 0,
    pages: int(hit.fields, 'nr_pages') ?? 0,
  })
}

export function releaseRequested(ctx: ImportContext, hit: ProbeHit): void {
  const p = pointer(hit.fields, 'pgmap') ?? '0x0'
  const pagemap = pagemapFor(ctx, p, null)
  ctx.say('memremap/release-requested', { pagemap })
  // The managed resource whose release callback this is belongs to the device that owns the pagemap.
  const device = ctx.task.acting
  if (device !== null && ctx.memremap.pagemaps.get(pagemap)?.device !== device) {
    ctx.say(
      'memremap/pagemap-identified',
      { pagemap, device, namespace: null, start: null, end: null, type: null, ref: null },
      { inferred: true },
    )
  }
}

export function unmapStarted(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const pagemap = pagemapFor(ctx, pointer(f, 'pgmap') ?? '0x0', null)
  const start = u64(f, 'start') ?? 0n
  const end = u64(f, 'end') ?? 0n
  const type = memoryTypeOf(int(f, 'type'), ctx.version)
  const known = ctx.memremap.pagemaps.get(pagemap)
  const learnt = known?.start === null
  const seq = ctx.say('memremap/unmap-started', {
    pagemap,
    start,
    end,
    type,
    flags: int(f, 'pgmap_flags'),
    ranges: int(f, 'nr_range'),
    ...layout(f),
    ref: null,
    percpuCountPtr: u64(f, 'percpu_count_ptr'),
    refCount: u64(f, 'count'),
  })
  if (learnt)
    ctx.say(
      'memremap/pagemap-identified',
      { pagemap, device: null, namespace: null, start, end, type, ref: null },
      { inferred: true, cause: [seq] },
    )
  ctx.enter(hit, seq, known?.device ?? ctx.busyWith, { pagemap })
}

export function unmapped(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  ctx.say('memremap/unmapped', { pagemap: frame.data['pagemap'] as number }, { cause: frame.cause })
}

/** The owner of an embedded ref: of those it can lie in, the one that begins nearest below it. */
export function nearestBelow<T>(owners: Iterable<readonly [string, T]>, ref: string): T | null {
  let best: { at: bigint; owner: T } | null = null
  for (const [p, owner] of owners) {
    const at = BigInt(ref) - BigInt(p)
    if (at >= 0n && at < STRUCT_MAX && (best === null || at < best.at)) best = { at, owner }
  }
  return best?.owner ?? null
}

export function pagemapRefReleased(ctx: ImportContext, hit: ProbeHit): void {
  const ref = pointer(hit.fields, 'ref') ?? '0x0'
  const dying = [...ctx.memremap.pagemaps.values()].filter((p) => p.pointer !== null && (p.phase === 'unmapping' || p.phase === 'mapping'))
  const p = nearestBelow(
    dying.map((d) => [d.pointer!, d] as const),
    ref,
  )
  const cause = ctx.unmapSeq(p?.id ?? null)
  const seq = ctx.say('memremap/ref-released', { pagemap: p?.id ?? null, ref }, cause === null ? {} : { cause: [cause] })
  if (p === null) return
  const nothing = { device: null, namespace: null, start: null, end: null, type: null }
  ctx.say('memremap/pagemap-identified', { pagemap: p.id, ...nothing, ref }, { inferred: true, cause: [seq] })
}

export function memoryRemoved(ctx: ImportContext, hit: ProbeHit): void {
  const pagemap = pagemapInFrame(ctx, 'memunmap_pages') ?? pagemapInFrame(ctx, 'memremap_pages')
  const start = u64(hit.fields, 'start') ?? 0n
  const size = u64(hit.fields, 'size') ?? 0n
  const type = pagemap === null ? null : (ctx.memremap.pagemaps.get(pagemap)?.type ?? null)
  if (pagemap !== null && (ctx.coverage.putsMissed || !ctx.coverage.puts || type !== memoryType.FS_DAX))
    ctx.say('memremap/puts-unseen', { vectors: 0, pagemap }, { inferred: true })
  const seq = ctx.say('memremap/memory-removed', { pagemap: pagemap ?? coveringPagemap(ctx, start, size), start, size })
  if (pagemap === null) systemRamRemoved(ctx, start, size, seq)
}

/** After a gap the unmapping itself may be lost: memory of a pagemap known by its range goes with it. */
function coveringPagemap(ctx: ImportContext, start: bigint, size: bigint): number | null {
  for (const p of ctx.memremap.pagemaps.values()) {
    if (p.phase !== 'removed' && p.start !== null && p.end !== null && p.start === start && p.end === start + size - 1n) return p.id
  }
  return null
}

export function lookupStarted(ctx: ImportContext, hit: ProbeHit): void {
  const pfn = pfnField(hit.fields, 'pfn') ?? 0
  const cached = pointer(hit.fields, 'cached')
  const seq = ctx.say('memremap/lookup-started', { pfn, cached })
  ctx.enter(hit, seq, null, { pfn, cached })
}

export function lookedUp(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  const p = pointer(hit.fields, 'ret')
  const pfn = (frame?.data['pfn'] as number | undefined) ?? null
  const cached = frame === null ? p : (frame.data['cached'] as string | null)
  const pagemap = p === null ? null : pagemapFor(ctx, p, pfn)
  ctx.task.looked = p === null ? null : pfn
  ctx.say(
    'memremap/looked-up',
    { pfn, pagemap, pointer: p, fresh: p !== null && p !== cached },
    frame === null ? {} : { cause: frame.cause },
  )
}

export function rangeMapStarted(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  const device = deviceAtHand(ctx, string(f, 'dev') ?? '?')
  const seq = ctx.say('memremap/range-map-started', {
    device,
    offset: u64(f, 'offset') ?? 0n,
    size: u64(f, 'size') ?? 0n,
    flags: int(f, 'flags') ?? 0,
  })
  ctx.enter(hit, seq, device)
}

export function rangeMapped(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const ret = u64(hit.fields, 'ret') ?? 0n
  const failed = errPtr(ret)
  const errno = failed ?? (ret === 0n ? -12 : 0)
  ctx.say(
    'memremap/range-mapped',
    { device: frame.device, address: errno === 0 ? pointer(hit.fields, 'ret') : null, errno },
    { cause: frame.cause },
  )
}

export function rangeUnmapped(ctx: ImportContext, hit: ProbeHit): void {
  const device = deviceAtHand(ctx, string(hit.fields, 'dev') ?? '?')
  ctx.say('memremap/range-unmapped', { device, address: pointer(hit.fields, 'addr') ?? '0x0' })
}
