import {
  type AnyEvent,
  hex,
  rangeOf,
  seconds,
  type Facts,
  type Json,
  type Looking,
  type Model,
  type PagemapId,
  type Pfn,
  type View,
  type Views,
  type Waiting,
} from '@devtrail/events'
import { memremapCatalogue } from './events.ts'
import { memremapInvariants } from './invariants.ts'
import { memoryType, memoryTypeName } from './pagemap/memory-type.ts'
import { isReferenced, type PageRecord } from './page/pages.ts'
import { initialMemremap, type MemremapState } from './memremap-state.ts'
import { covers, headOf, newPagemap, type Pagemap } from './pagemap/pagemap.ts'
import { evolveMemremap } from './state.ts'

function folds(a: PageRecord, b: PageRecord, stride: number): boolean {
  const x = a.holders
  const y = b.holders
  return (
    b.pfn === a.pfn + stride &&
    JSON.stringify(a.refcount) === JSON.stringify(b.refcount) &&
    x.length === y.length &&
    x.every((h, i) => h.pid === y[i]!.pid && h.kind === y[i]!.kind && h.refs === y[i]!.refs && h.within?.pointer === y[i]!.within?.pointer)
  )
}

/** Records as JSON; neighbouring pages with equal count, kind and taker are folded into one, unless each is wanted. */
function foldPages(records: readonly PageRecord[], order: number | null, idle: number, each: boolean): Json[] {
  const stride = 2 ** (order ?? 0)
  const runs: PageRecord[][] = []
  for (const page of records.toSorted((a, b) => a.pfn - b.pfn)) {
    const run = runs.at(-1)
    if (!each && run !== undefined && folds(run.at(-1)!, page, stride)) run.push(page)
    else runs.push([page])
  }
  return runs.map((run): Json => {
    const holder = run[0]!.holders[0]
    const seqs = run.flatMap((page) => page.holders.map((h) => h.seq))
    return {
      pfn: hex(run[0]!.pfn),
      pages: order === null ? { atLeast: run.length, atMost: null } : run.length * stride,
      order,
      refcount: run[0]!.refcount as Json,
      idle,
      kind: holder?.kind ?? null,
      takenBy: holder === undefined || holder.pid === null ? null : { pid: holder.pid, comm: holder.comm },
      ...(holder?.within === undefined ? {} : { within: { ...holder.within } }),
      ...(run[0]!.holders.length > 1
        ? { holders: run[0]!.holders.map((h): Json => ({ pid: h.pid, comm: h.comm, kind: h.kind, refs: h.refs })) }
        : {}),
      since: seqs.length === 0 ? null : { first: Math.min(...seqs), last: Math.max(...seqs) },
    }
  })
}

/** Pages of a file system's DAX are small; of other pagemaps only the mapping tells. */
const orderOf = (p: Pagemap, type: number | null): number | null => p.order ?? (type === memoryType.FS_DAX ? 0 : null)

/** The pages that are looked at: all, or the one that is looked for. */
function pagesFor(p: Pagemap, looking: Looking | undefined): readonly PageRecord[] {
  const key = looking?.keys?.get('pageRefs')
  if (typeof key !== 'number') return [...p.pages.values()]
  const page = p.pages.get(headOf(p, key))
  return page === undefined ? [] : [page]
}

function pageRefs(p: Pagemap, type: number | null, looking: Looking | undefined): Json {
  const order = orderOf(p, type)
  const all = pagesFor(p, looking)
  const each = looking !== undefined
  // A page that may be idle is not known to be referenced, however fresh the evidence.
  const isKnown = (r: PageRecord): boolean => isReferenced(r, p.idle) || (r.sure && rangeOf(r.refcount).hi < p.idle)
  const possible = all.filter((r) => !isKnown(r))
  if (looking?.counted === 'pageRefs') {
    const pages: Json = order === null ? { atLeast: 1, atMost: null } : 2 ** order
    const counted = (records: readonly PageRecord[]): Json[] => records.map(() => ({ pages }))
    return { known: counted(all.filter(isKnown)), complete: p.pagesComplete, possible: counted(possible) }
  }
  return {
    known: foldPages(all.filter(isKnown), order, p.idle, each),
    complete: p.pagesComplete,
    ...(possible.length > 0 ? { possible: foldPages(possible, order, p.idle, each) } : {}),
  }
}

/** A pagemap as JSON, with what was learnt later filled back and marked. */
export function pagemapToJson(p: Pagemap, facts: Facts, looking?: Looking): { [key: string]: Json } {
  const late = facts.find('pagemap', p.id, 'start')
  const start = p.start ?? facts.value<bigint>('pagemap', p.id, 'start')
  const end = p.end ?? facts.value<bigint>('pagemap', p.id, 'end')
  const type = p.type ?? facts.value<number>('pagemap', p.id, 'type')
  return {
    id: p.pointer,
    ranges: start === null || end === null ? null : [{ start, end }, ...p.further].map((r) => ({ start: hex(r.start), end: hex(r.end) })),
    ...(late === undefined ? {} : { learntAt: late.seq }),
    type: type === null ? null : memoryTypeName(type),
    state: p.phase,
    altmap: p.altmap ? { basePfn: hex(p.altmap.basePfn), reserve: p.altmap.reserve, free: p.altmap.free, alloc: p.altmap.alloc } : p.altmap,
    ref: { id: p.ref.id ?? facts.value<string>('pagemap', p.id, 'ref'), mode: p.ref.mode, dying: p.ref.dying, count: p.ref.count as Json },
    pageRefs: pageRefs(p, type, looking),
  }
}

/** The device that owns a pagemap, as known now or learnt later. */
export function pagemapOwner(p: Pagemap, facts: Facts): number | null {
  return p.device ?? facts.value<PagemapId>('pagemap', p.id, 'device')
}

/** The device that a pagemap is shown with: its owner, or the namespace of which some claimant has it, where that is all that is known. */
export function pagemapShownWith(p: Pagemap, facts: Facts): number | null {
  return pagemapOwner(p, facts) ?? facts.value<number>('pagemap', p.id, 'namespace')
}

/** Pagemaps that only later events prove to have been there already. */
function foundLater(state: MemremapState, facts: Facts): Pagemap[] {
  return facts
    .ids('pagemap')
    .filter((id) => !state.pagemaps.has(id) && facts.value('pagemap', id, 'fromStart') === true)
    .map((id) => ({ ...newPagemap(id, 0), pointer: facts.value<string>('pagemap', id, 'pointer') }))
}

/** Whether the last pagemap of a device was seen to go, and no gap came since: another would have been seen to come, with or without its owner. */
function isSeenGone(all: readonly Pagemap[], device: number, facts: Facts): boolean {
  const isGone = ({ phase, removal }: Pagemap): boolean => phase === 'removed' && removal?.whole === true
  return (
    all.some((p) => isGone(p) && pagemapOwner(p, facts) === device) &&
    !all.some((p) => p.phase !== 'removed' && pagemapOwner(p, facts) === null)
  )
}

const describe: View<MemremapState> = (state, device, facts, looking) => {
  const all = [...state.pagemaps.values(), ...foundLater(state, facts)]
  const shown = all.filter((p) => p.phase !== 'removed' && pagemapShownWith(p, facts) === device)
  const own = shown.filter((p) => pagemapOwner(p, facts) === device)
  const claimed = shown.filter((p) => pagemapOwner(p, facts) !== device)
  const possible = [...own.filter((p) => !p.sure), ...claimed].map((p) => pagemapToJson(p, facts, looking))
  const known = own.filter((p) => p.sure).map((p) => pagemapToJson(p, facts, looking))
  const complete = possible.length === 0 && (known.length > 0 || isSeenGone(all, device, facts))
  return { pagemaps: { known, complete, ...(possible.length > 0 ? { possible } : {}) } }
}

/** Whoever unmaps a pagemap waits for its reference until that is known to have dropped to zero; memory goes after that. */
const isReleased = ({ phase, ref, removal }: Pagemap): boolean => phase === 'unmapping' && (ref.count === 0 || removal?.whole === true)

const waiting = (state: MemremapState): Waiting[] => [...idleWaits(state), ...pastTheirWait(state)]

const pastTheirWait = (state: MemremapState): Waiting[] =>
  [...state.pagemaps.values()]
    .filter(isReleased)
    .map(({ id }) => ({ who: { pagemap: id }, call: 'memunmap_pages', waitsFor: null, evidence: [], data: {} }))

const idleWaits = (state: MemremapState): Waiting[] =>
  [...state.waits.values()].map((w) => ({
    who: { pid: w.pid },
    call: 'break_layouts',
    waitsFor: w.page === null ? 'pages of the file to become idle' : `page ${hex(w.page.pfn)} to become idle`,
    evidence: [...(w.page ? [w.page.seq] : []), ...(w.idle ? [w.idle.seq] : [])],
    data: { function: w.call, pfn: w.page && hex(w.page.pfn), idleSince: w.idle && seconds(w.idle.time) },
  }))

/** What is known of a page changes with events that name it, or another page of the same compound page. */
function isPageChangedBy({ type, data }: AnyEvent, key: number | bigint | string, later?: unknown): boolean {
  const { pagemap, pfn, head, pages } = data
  if (type === 'memremap/puts-unseen' || typeof key === 'string') return true
  const pagemaps = (later as MemremapState | undefined)?.pagemaps
  // Pages of no pagemap are not followed, but for those of memory that is gone.
  if (pfn === null) return false
  if (pagemap === null)
    return type === 'memremap/put' && [...(pagemaps?.values() ?? [])].some((p) => p.removal !== null && covers(p, pfn as Pfn))
  const p = pagemaps?.get(pagemap as number)
  if (p === undefined || typeof pfn !== 'number') return true
  const wanted = headOf(p, Number(key))
  const first = typeof head === 'number' ? head : pfn
  const last = typeof head === 'number' ? head : pfn + (typeof pages === 'number' ? pages : 1) - 1
  // While the order was not known each page was one of its own.
  return (wanted >= headOf(p, first) && wanted <= headOf(p, last)) || (Number(key) >= first && Number(key) <= last)
}

const PAGES: readonly string[] = ['pagemaps.pageRefs']
const PROVEN: readonly string[] = ['pagemaps.sure']
const NONE: readonly string[] = []

const views: Views = {
  parts: ['pagemaps'],
  lists: {
    pagemaps: { by: ['ranges.start', 'id'] },
    ranges: { by: ['start'] },
    pageRefs: { by: ['pfn'], span: 'pages', isChangedBy: isPageChangedBy },
    holders: { by: ['pid'] },
  },
  refers: { 'pagemaps.ref': 'percpuRefs' },
  touches: {
    'grab-started': NONE,
    'lookup-started': NONE,
    'looked-up': [...PROVEN, 'pagemaps.state?'],
    grabbed: PAGES,
    put: PAGES,
    'puts-unseen': PAGES,
    sampled: PAGES,
    'put-beyond-last': PAGES,
    'references-handed': PAGES,
    'grab-refused': NONE,
    'page-freed': PAGES,
    'bio-released': NONE,
    'busy-lookup-started': NONE,
    'busy-looked-up': NONE,
    'idle-wait-started': NONE,
    'idle-wait-ended': NONE,
    'release-requested': PROVEN,
    'ref-released': ['pagemaps.ref'],
  },
  // A pointer seen anew ends the view of the pagemap that had it.
  reachesAll: ['pagemap-found', 'map-requested', 'map-started', 'memory-add-started', 'pages-unlinked-twice'],
}

/** Pagemaps, struct pages and references to them under the contract of a model. */
export const memremapModel: Model<MemremapState> = {
  name: 'memremap',
  catalogue: memremapCatalogue,
  initial: initialMemremap,
  evolve: evolveMemremap,
  invariants: memremapInvariants,
  describe,
  views,
  waiting,
}
