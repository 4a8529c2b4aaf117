/** From a pfn to its pagemap, beside the list that the 2015 series walked, and the cached path beside a bare range check. */
import { timedBench, type Bench, type Work } from '@devtrail/bench'
import { PfnMap } from '../src/index.ts'

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
function pfnsOf(count: number, pages: number, lookups: number): Float64Array {
  let n = 12_345
  return Float64Array.from({ length: lookups }, () => {
    n = (n * 48_271) % 2_147_483_647
    return FIRST + (n % (count * pages))
  })
}

function looking(count: number, pages = MAP_PAGES): Work {
  const map = new PfnMap<Named>()
  for (const named of maps(count, pages)) map.set(named.first, named.last, named)
  const pfns = pfnsOf(count, pages, LOOKUPS)
  return {
    run: () => {
      let found = 0
      for (let i = 0; i < pfns.length; i++) if (map.get(pfns[i]!) !== null) found++
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
]
