/** A pagemap as far as events tell of it, and the arithmetic of its pages. */
import type { Count, DeviceId, PagemapId, Pfn } from '@devtrail/events'
import type { Holder, Pages } from '../page/pages.ts'

export type PagemapPhase = 'mapping' | 'live' | 'unmapping' | 'removed'

/** struct vmem_altmap: the part of a range that holds its own memmap. */
export interface Altmap {
  basePfn: Pfn
  reserve: number
  free: number
  /** Null when a gap may have changed it, or where hot-add does not say what it took. */
  alloc: number | null
  /** Pages lost to alignment; null where hot-add does not say. */
  align: number | null
}

/** The percpu_ref that keeps a pagemap alive, as far as pagemap events show it. */
export interface PagemapRef {
  id: string | null
  mode: 'percpu' | 'atomic' | null
  dying: boolean | null
  count: Count
}

/** How far a pagemap has come, as a simulated machine tells it; a trace does not show all of it. */
export interface Stages {
  /** The event that told that it is live; null until then. */
  liveSince: number | null
  /** Ranges in the registry. */
  registered: number
  /** Ranges whose memory type is tracked. */
  tracked: number
  /** Ranges with memory. */
  added: number
  /** Ranges whose pages were initialised. */
  initialised: number
  /** Pages that became present through it, and have not become absent again. */
  sectionPages: number
  /** Blocks of struct pages that it took from its altmap, oldest first. */
  blocks: { first: Pfn; last: Pfn; seq: number }[]
}

/** A range of a pagemap beyond the first. */
export interface FurtherRange {
  start: bigint
  /** Inclusive. */
  end: bigint
}

/** A pagemap whose memory is gone while pages were, or may have been, referenced. */
export interface Removal {
  seq: number
  time: number
  /** Pages known to be referenced when the memory went. */
  certain: Pfn[]
  possible: Pfn[]
  /** False once a gap came: the range may have been mapped anew since. */
  whole: boolean
  /** A page of it that was still used afterwards, by the event just folded, and who held it until then. */
  proof: { pfn: Pfn; seq: number; holders: Holder[] } | null
}

export interface Pagemap {
  id: PagemapId
  pointer: string | null
  device: DeviceId | null
  start: bigint | null
  /** Inclusive. */
  end: bigint | null
  ranges: number
  /** The ranges behind the first, where they were told. */
  further: FurtherRange[]
  type: number | null
  /** Null when a gap may have changed it. */
  phase: PagemapPhase | null
  /** null: not known; false: there is none. */
  altmap: Altmap | false | null
  /** Order of its compound pages; null when its mapping was not seen. */
  order: number | null
  ref: PagemapRef
  /** Whether its reference is the driver's, not its own. */
  driverRef: boolean
  /** The pagemap that was in the registry with the same reference when this one came. */
  refSharedWith: PagemapId | null
  pages: Pages
  /** No page can be referenced that has no record. */
  pagesComplete: boolean
  /** References to its pages may be given back without an event: what is known of a page holds only at the event that told it. */
  putsUnseen: boolean
  /** What the count of its pages is when nobody references them: 0 once one was seen handed out. */
  idle: 0 | 1
  /** References on the pagemap that page references hold, by page, where it is not 0; null when not known. */
  holds: Map<Pfn, number> | null
  /** Pages whose pagemap pointer was overwritten. */
  overwritten: Pfn[]
  /** Pages whose struct page was initialised; null when not seen. */
  initialised: number | null
  removal: Removal | null
  /** Null where they are not told: in a trace, and after a gap. */
  stages: Stages | null
  /** False when a gap came after the last evidence that it is there. */
  sure: boolean
  firstSeq: number
}
/** A pagemap of which nothing is known yet. */
export const newPagemap = (id: PagemapId, seq: number): Pagemap => ({
  id,
  pointer: null,
  device: null,
  start: null,
  end: null,
  ranges: 1,
  further: [],
  type: null,
  phase: null,
  altmap: null,
  order: null,
  ref: { id: null, mode: null, dying: null, count: null },
  driverRef: false,
  refSharedWith: null,
  pages: new Map(),
  idle: 1,
  holds: null,
  overwritten: [],
  pagesComplete: false,
  putsUnseen: false,
  initialised: null,
  removal: null,
  stages: null,
  sure: true,
  firstSeq: seq,
})
const address = new BigUint64Array(1)
const halves = new Uint32Array(address.buffer)

/** The pfn of an address. A shift of the bigint, which makes two more, takes five times as long. */
function pfnAt(at: bigint): Pfn {
  address[0] = at
  return halves[1]! * 2 ** 20 + (halves[0]! >>> 12)
}

/** First pfn that has a struct page pointing at its pagemap: behind reserve and free of the altmap. */
export function firstPfn(p: Pagemap): Pfn | null {
  if (p.start === null || p.altmap === null) return null
  return pfnAt(p.start) + (p.altmap === false ? 0 : p.altmap.reserve + p.altmap.free)
}

const within = (start: bigint, end: bigint, pfn: Pfn): boolean => pfn >= pfnAt(start) && pfn <= pfnAt(end)

/** Whether a pfn lies in a range of a pagemap; null when its first range is not known. */
export function covers(p: Pagemap, pfn: Pfn): boolean | null {
  if (p.start === null || p.end === null) return null
  if (within(p.start, p.end, pfn)) return true
  return p.further.length > 0 && p.further.some(({ start, end }) => within(start, end, pfn))
}

/** The page whose count a page's references change: the head of its compound page. */
export function headOf(p: Pagemap, pfn: Pfn): Pfn {
  if (p.order === null || p.order === 0) return pfn
  const first = firstPfn(p)
  if (first === null) return pfn
  const size = 2 ** p.order
  return first + Math.floor((pfn - first) / size) * size
}
