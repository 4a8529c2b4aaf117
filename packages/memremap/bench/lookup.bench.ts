/** From a pfn to its pagemap, beside the list that the 2015 series walked, and the cached path beside a bare range check. */
import { timedBench, type Bench, type Work } from '@devtrail/bench'
import { Emitter, Ids, ManualClock } from '@devtrail/events'
import { memoryType, PagemapRegistry } from '../src/index.ts'

const FIRST = 0x100000
/** 128 MiB each. */
const MAP_PAGES = 32768
/** 2 MiB each: 64 of them share a section. */
const SMALL_PAGES = 512
const MAPS = 10_000
const FEW_MAPS = 10
const LOOKUPS = 1 << 16
/** How many a walk of the list does in one run. */
const WALKS = 256

interface Named {
  readonly id: number
  readonly first: number
  readonly last: number
}

const maps = (count: number, pages: number): Named[] =>
  Array.from({ length: count }, (_, id) => ({ id, first: FIRST + id * pages, last: FIRST + (id + 1) * pages - 1 }))

/** Pfns of so many maps, in no order. */
function pfnsOf(count: number, pages: number, lookups: number): Int32Array {
  let n = 12_345
  return Int32Array.from({ length: lookups }, () => {
    n = (n * 48_271) % 2_147_483_647
    return FIRST + (n % (count * pages))
  })
}

/** A machine with so many pagemaps, and nobody who listens; a read section is open. */
function registryOf(count: number, pages: number): PagemapRegistry {
  const registry = new PagemapRegistry(new Emitter(new ManualClock()), new Ids())
  for (const { first, last } of maps(count, pages)) {
    const range = { start: BigInt(first) << 12n, end: ((BigInt(last) + 1n) << 12n) - 1n }
    if (typeof registry.memremapPages(1, range, memoryType.FS_DAX) === 'number') throw new Error('not mapped')
  }
  registry.machine.rcu.readLock()
  return registry
}

function looking(count: number, pages = MAP_PAGES): Work {
  const registry = registryOf(count, pages)
  const pfns = pfnsOf(count, pages, LOOKUPS)
  return {
    run: () => {
      let found = 0
      for (let i = 0; i < LOOKUPS; i++) if (registry.findDevPagemap(pfns[i]!) !== null) found++
      return found === LOOKUPS ? LOOKUPS : 0
    },
  }
}

/** `get_dev_pagemap` and `put_dev_pagemap` of pages of so many maps, as a walk does that knows none. */
function referencing(count: number): Work {
  const registry = registryOf(count, MAP_PAGES)
  const pfns = pfnsOf(count, MAP_PAGES, LOOKUPS)
  return {
    run: () => {
      let found = 0
      for (let i = 0; i < LOOKUPS; i++) {
        const p = registry.getDevPagemap(pfns[i]!)
        if (p !== null) found++
        registry.putDevPagemap(p)
      }
      return found === LOOKUPS ? LOOKUPS : 0
    },
  }
}

/** Pfns of one map, which the walk knows already. */
function cachedLooking(): Work {
  const registry = registryOf(1, MAP_PAGES)
  const pfns = pfnsOf(1, MAP_PAGES, LOOKUPS)
  const cached = registry.getDevPagemap(FIRST)
  return {
    run: () => {
      let found = 0
      for (let i = 0; i < LOOKUPS; i++) if (registry.getDevPagemap(pfns[i]!, cached) !== null) found++
      return found === LOOKUPS ? LOOKUPS : 0
    },
  }
}

function rangeChecking(): Work {
  const [{ first, last }] = maps(1, MAP_PAGES) as [Named]
  const pfns = pfnsOf(1, MAP_PAGES, LOOKUPS)
  return {
    run: () => {
      let found = 0
      for (let i = 0; i < LOOKUPS; i++) {
        const pfn = pfns[i]!
        if (pfn >= first && pfn <= last) found++
      }
      return found === LOOKUPS ? LOOKUPS : 0
    },
  }
}

/** `list_for_each_entry_rcu` over pagemaps, newest first. */
class Node {
  readonly first: number
  readonly last: number
  readonly next: Node | null

  constructor({ first, last }: Named, next: Node | null) {
    this.first = first
    this.last = last
    this.next = next
  }
}

function walking(count: number): Work {
  let head: Node | null = null
  for (const named of maps(count, MAP_PAGES)) head = new Node(named, head)
  const pfns = pfnsOf(count, MAP_PAGES, WALKS)
  const find = (pfn: number): Node | null => {
    for (let node = head; node !== null; node = node.next) if (pfn >= node.first && pfn <= node.last) return node
    return null
  }
  return {
    run: () => {
      let found = 0
      for (let i = 0; i < pfns.length; i++) if (find(pfns[i]!) !== null) found++
      return found === WALKS ? WALKS : 0
    },
  }
}

export const benches: readonly Bench[] = [
  timedBench({
    name: 'memremap/lookup',
    about: `the pagemap of a page, of ${MAPS} in no order`,
    unit: 'lookup',
    setUp: () => null,
    ours: () => looking(MAPS),
    peers: [
      { name: 'the list of the series', goal: 1000, work: () => walking(MAPS) },
      { name: `itself with ${FEW_MAPS}`, goal: 1 / 2, goalText: 'at most 2 times', work: () => looking(FEW_MAPS) },
      { name: `itself with ${MAPS} of 2 MiB`, work: () => looking(MAPS, SMALL_PAGES) },
    ],
  }),
  timedBench({
    name: 'memremap/get-put-pagemap',
    about: `get_dev_pagemap and put_dev_pagemap of a page of one of ${MAPS} pagemaps in no order, nothing cached`,
    unit: 'page',
    setUp: () => null,
    ours: () => referencing(MAPS),
    peers: [
      { name: 'the list of the series, without references', goal: 150, work: () => walking(MAPS) },
      { name: 'finding alone', work: () => looking(MAPS) },
      { name: `itself with ${FEW_MAPS}`, goal: 1 / 2, goalText: 'at most 2 times', work: () => referencing(FEW_MAPS) },
    ],
  }),
  timedBench({
    name: 'memremap/lookup-cached',
    about: 'get_dev_pagemap of a page of the pagemap that the walk has cached',
    unit: 'lookup',
    setUp: () => null,
    ours: cachedLooking,
    peers: [{ name: 'a bare range check', goal: 1 / 2, goalText: 'at most 2 times', work: rangeChecking }],
  }),
]
