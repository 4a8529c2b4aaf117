/** Struct pages of 1 TiB: what mapping costs, what a touched page costs, and references beside a flat typed array. */
import { countedBench, timedBench, type Bench, type Work } from '@devtrail/bench'
import { Emitter, Ids, ManualClock } from '@devtrail/events'
import { foll, memoryType, memremapRules, PagemapRegistry, type DevicePages } from '../src/index.ts'
import { StructPages } from '../src/page/struct-pages.ts'

const FIRST = 0x100000
/** 1 TiB. */
const TIB_PAGES = 2 ** 28
/** 256 GiB, for references in no order. */
const SCATTERED_PAGES = 2 ** 26
/** 16 MiB, for those one behind the other. */
const STREAK_PAGES = 4096
const MIB_128_PAGES = 32768
const WORD = 4
const REFS = 1 << 20
/** How many a run does, one run going on where the last one ended. */
const RUN = 1 << 12
const WARM_RUNS = 2000

const owner = { id: 1, pointer: '0xffff888000000100', type: memoryType.FS_DAX }
type Owner = typeof owner

const structPages = (): StructPages<Owner> => new StructPages(new Emitter(new ManualClock()), memremapRules['linux-6.1'])

/** What `arch_add_memory` and `memmap_init_zone_device` do to the struct pages of a range. */
function add(pages: StructPages<Owner>, count: number): DevicePages<Owner> {
  pages.added(FIRST, FIRST + count)
  return pages.initDevice(owner, { devFirst: FIRST, last: FIRST + count - 1 })
}

function mapping(): Work {
  let pages = structPages()
  return {
    before: () => {
      pages = structPages()
    },
    run: () => (add(pages, TIB_PAGES).last === FIRST + TIB_PAGES - 1 ? 1 : 0),
  }
}

/** All of `memremap_pages`, on a machine of its own each time. */
function mappingWhole(pages: number): Work {
  let registry = new PagemapRegistry(new Emitter(new ManualClock()), new Ids())
  const start = BigInt(FIRST) << 12n
  const range = { start, end: start + (BigInt(pages) << 12n) - 1n }
  return {
    before: () => {
      registry = new PagemapRegistry(new Emitter(new ManualClock()), new Ids())
    },
    run: () => (typeof registry.memremapPages(1, range, memoryType.FS_DAX) === 'number' ? 0 : 1),
  }
}

/** The same and `memunmap_pages`, with one page touched between. */
function mappingAndUnmapping(pages: number): Work {
  const start = BigInt(FIRST) << 12n
  const range = { start, end: start + (BigInt(pages) << 12n) - 1n }
  return {
    run: () => {
      const registry = new PagemapRegistry(new Emitter(new ManualClock()), new Ids())
      const p = registry.memremapPages(1, range, memoryType.FS_DAX)
      if (typeof p === 'number') return 0
      registry.references.getPage(FIRST + pages - 1)
      registry.references.putPage(FIRST + pages - 1)
      return registry.memunmapPages(p) ? 1 : 0
    },
  }
}

function writing(): Work {
  const words = new Int32Array(TIB_PAGES)
  let n = 0
  return { run: () => (words.fill(++n)[TIB_PAGES - 1] === n ? 1 : 0) }
}

/** Bytes that become resident while something is done; what it gives stays reachable. */
function resident(make: () => unknown): number {
  const before = process.memoryUsage.rss()
  const kept = make()
  const grown = process.memoryUsage.rss() - before
  return kept === null ? Number.NaN : Math.max(0, grown)
}

function touchAll(pages: DevicePages<Owner>): DevicePages<Owner> {
  for (let pfn = pages.first; pfn <= pages.last; pfn++) pages.add(pfn, 1)
  return pages
}

function bytesMapped(): number {
  const pages = structPages()
  return resident(() => add(pages, TIB_PAGES))
}

function bytesTouched(): number {
  // Once before, so that what the compiler takes is not counted.
  touchAll(add(structPages(), STREAK_PAGES * 64))
  const pages = structPages()
  return resident(() => touchAll(add(pages, SCATTERED_PAGES))) / SCATTERED_PAGES
}

type Order = (n: number) => number

const inStreak: Order = (n) => n % STREAK_PAGES
const inNoOrder: Order = (n) => Math.imul(n, 0x9e3779b1) >>> (32 - Math.log2(SCATTERED_PAGES))

const pfnsIn = (order: Order): Int32Array => Int32Array.from({ length: REFS }, (_, n) => FIRST + order(n))

/** A machine with so many pagemaps side by side, and nobody who listens. */
function machineWith(maps: number): PagemapRegistry {
  const registry = new PagemapRegistry(new Emitter(new ManualClock()), new Ids())
  const size = BigInt(SCATTERED_PAGES / maps) << 12n
  for (let n = 0; n < maps; n++) {
    const start = (BigInt(FIRST) << 12n) + BigInt(n) * size
    if (typeof registry.memremapPages(1, { start, end: start + size - 1n }, memoryType.FS_DAX) === 'number') throw new Error('not mapped')
  }
  return registry
}

/** A get and a put of each page in turn. */
const ourRefs = (pfns: Int32Array): Work => getsAndPuts(machineWith(1).references, pfns)

/** Runs over the pfns, each going on where the last one ended. `refs` does so many from `from` on and returns how many pages were idle then. */
function inRuns(refs: (from: number, end: number) => number): Work {
  // The same few pages first, which takes no time, until the compiler is done with it: of pages in no order that would take seconds.
  for (let n = 0; n < WARM_RUNS; n++) refs(0, RUN)
  // And then all once, so that their memory is there.
  refs(0, REFS)
  let from = 0
  return {
    run: () => {
      const idle = refs(from, from + RUN)
      from = (from + RUN) % REFS
      return idle > 0 ? RUN : 0
    },
  }
}

function getsAndPuts(references: PagemapRegistry['references'], pfns: Int32Array): Work {
  return inRuns((from, end) => {
    let idle = 0
    for (let i = from; i < end; i++) {
      const pfn = pfns[i]!
      references.getPage(pfn)
      if (references.putPage(pfn) === 'idle') idle++
    }
    return idle
  })
}

/** The same where the pages are of two pagemaps. */
const ourRefsOfTwo = (pfns: Int32Array): Work => getsAndPuts(machineWith(2).references, pfns)

function flatRefs(pfns: Int32Array): Work {
  const counts = new Int32Array(SCATTERED_PAGES)
  return inRuns((from, end) => {
    let idle = 0
    for (let i = from; i < end; i++) {
      const at = pfns[i]! - FIRST
      counts[at]! += 1
      if ((counts[at]! -= 1) === 0) idle++
    }
    return idle
  })
}

function ourPins(pfns: Int32Array): Work {
  const { references } = machineWith(1)
  return inRuns((from, end) => {
    let taken = 0
    for (let i = from; i < end; i++) {
      const pfn = pfns[i]!
      if (references.tryGrab(pfn, foll.GET)) taken++
      references.putPage(pfn)
    }
    return taken
  })
}

function mapOfCounts(pfns: Int32Array): Work {
  const counts = new Map<number, number>()
  return inRuns((from, end) => {
    let idle = 0
    for (let i = from; i < end; i++) {
      const pfn = pfns[i]!
      counts.set(pfn, (counts.get(pfn) ?? 1) + 1)
      const count = counts.get(pfn)! - 1
      if (count === 1) {
        counts.delete(pfn)
        idle++
      } else counts.set(pfn, count)
    }
    return idle
  })
}

const FLAT = 'a flat typed array'
const ONE_WORD = 'one word a page'

export const benches: readonly Bench[] = [
  timedBench({
    name: 'memremap/struct-pages-1-tib',
    about: `the struct pages of 1 TiB (${TIB_PAGES} pages), nothing of memremap_pages besides`,
    unit: 'mapping',
    finer: 1,
    setUp: () => null,
    ours: mapping,
    peers: [{ name: ONE_WORD, goal: 100, work: writing }],
  }),
  timedBench({
    name: 'memremap/map-1-tib',
    about: 'memremap_pages of 1 TiB, all of it',
    unit: 'mapping',
    finer: 1,
    setUp: () => null,
    ours: () => mappingWhole(TIB_PAGES),
    peers: [
      { name: ONE_WORD, goal: 100, work: writing },
      { name: 'itself with 128 MiB', goal: 1 / 2, goalText: 'at most 2 times', work: () => mappingWhole(MIB_128_PAGES) },
    ],
  }),
  timedBench({
    name: 'memremap/map-unmap-1-tib',
    about: 'memremap_pages and memunmap_pages of 1 TiB of which one page was touched',
    unit: 'mapping',
    finer: 1,
    setUp: () => null,
    ours: () => mappingAndUnmapping(TIB_PAGES),
    peers: [{ name: ONE_WORD, goal: 100, work: writing }],
  }),
  countedBench({
    name: 'memremap/resident-mapped',
    about: `bytes resident when 1 TiB is mapped and no page is touched`,
    unit: 'bytes',
    peers: [{ name: ONE_WORD, goal: 512, goalText: 'at most 2 MiB' }],
    count: () => ({ [ONE_WORD]: { ours: Math.max(1, bytesMapped()), peer: TIB_PAGES * WORD } }),
  }),
  countedBench({
    name: 'memremap/resident-touched',
    about: `bytes resident for each page of 256 GiB, all touched`,
    unit: 'bytes/page',
    peers: [{ name: ONE_WORD, goal: 4 / 4.1, goalText: 'at most 4.1 bytes' }],
    count: () => ({ [ONE_WORD]: { ours: bytesTouched(), peer: WORD } }),
  }),
  timedBench({
    name: 'memremap/get-put-streak',
    about: 'get_page and put_page of neighbouring pages',
    unit: 'page',
    setUp: () => pfnsIn(inStreak),
    ours: ourRefs,
    peers: [
      { name: FLAT, goal: 1 / 3, goalText: 'at most 3 times', work: flatRefs },
      { name: 'a Map of counts', goal: 5, work: mapOfCounts },
    ],
  }),
  timedBench({
    name: 'memremap/get-put-random',
    about: 'get_page and put_page of pages of 256 GiB in no order',
    unit: 'page',
    setUp: () => pfnsIn(inNoOrder),
    ours: ourRefs,
    peers: [{ name: FLAT, goal: 1 / 2, goalText: 'at most 2 times', work: flatRefs }],
  }),
  timedBench({
    name: 'memremap/get-put-random-two',
    about: 'get_page and put_page of pages of two pagemaps of 128 GiB in no order: each time the other is likely',
    unit: 'page',
    setUp: () => pfnsIn(inNoOrder),
    ours: ourRefsOfTwo,
    peers: [
      { name: FLAT, work: flatRefs },
      { name: 'a Map of counts', work: mapOfCounts },
    ],
  }),
  timedBench({
    name: 'memremap/grab-put-streak',
    about: 'try_grab_page and put_page of neighbouring pages',
    unit: 'page',
    setUp: () => pfnsIn(inStreak),
    ours: ourPins,
    peers: [{ name: FLAT, work: flatRefs }],
  }),
]
