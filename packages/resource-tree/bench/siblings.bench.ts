/** Operations among 100 000 siblings, beside a linked list as the kernel's. */
import { timedBench, type Bench, type Work } from '@devtrail/bench'
import { Emitter, Ids, ManualClock } from '@devtrail/events'
import { ioresource, Resource, ResourceTree } from '../src/index.ts'
import { intersectsLinked, LinkedResource, releaseLinked, requestLinked } from './linked-siblings.ts'

const SIBLINGS = 100_000
/** Bytes of a range, and of the free space behind it. */
const SIZE = 0x1000n
const STRIDE = 2n * SIZE
const MAX = 2n ** 64n - 1n
const RAM = ioresource.SYSTEM_RAM | ioresource.BUSY
/** How many a run does: fewer of what is slow. */
const OURS = 1000
const PEERS = 10

type Start = () => bigint

const ascending = (): Start => {
  let n = 0
  return () => BigInt(SIBLINGS + n++) * STRIDE
}

/** Free places among the siblings, each once in so many, in no order. */
const scattered = (): Start => {
  let n = 1
  return () => BigInt((n = (n * 48_271) % 2_147_483_647) % SIBLINGS) * STRIDE + SIZE
}

function treeOfSiblings(): ResourceTree {
  const tree = new ResourceTree(new Emitter(new ManualClock()), new Ids(), { name: 'iomem', start: 0n, end: MAX })
  for (let n = 0n; n < SIBLINGS; n++) tree.requestResource(new Resource(n * STRIDE, n * STRIDE + SIZE - 1n, 'sibling', RAM))
  return tree
}

const linked = (start: bigint, end: bigint, flags: bigint): LinkedResource => new LinkedResource(Number(start), Number(end), Number(flags))

function listOfSiblings(): LinkedResource {
  const root = new LinkedResource(0, Number(MAX), Number(ioresource.MEM))
  for (let n = BigInt(SIBLINGS) - 1n; n >= 0n; n--) requestLinked(root, linked(n * STRIDE, n * STRIDE + SIZE - 1n, RAM))
  return root
}

/** So many different starts. */
function startsFrom(next: Start, count: number): bigint[] {
  const starts = new Set<bigint>()
  while (starts.size < count) starts.add(next())
  return [...starts]
}

function ourInserts(places: () => Start): Work {
  const tree = treeOfSiblings()
  let resources: Resource[] = []
  return {
    before: () => {
      for (const resource of resources) tree.releaseResource(resource)
      resources = startsFrom(places(), OURS).map((start) => new Resource(start, start + SIZE - 1n, 'new'))
    },
    run: () => {
      let granted = 0
      for (const resource of resources) if (tree.requestResource(resource) === 0) granted++
      return granted === OURS ? granted : 0
    },
  }
}

function theirInserts(places: () => Start): Work {
  const root = listOfSiblings()
  let resources: LinkedResource[] = []
  return {
    before: () => {
      releaseLinked(root, new Set(resources))
      resources = startsFrom(places(), PEERS).map((start) => linked(start, start + SIZE - 1n, ioresource.MEM))
    },
    run: () => {
      let granted = 0
      for (const resource of resources) if (requestLinked(root, resource) === null) granted++
      return granted === PEERS ? granted : 0
    },
  }
}

/** Two pages, the first of which is used. */
function asking(count: number, ask: (start: bigint) => number): Work {
  const next = scattered()
  return {
    run: () => {
      let intersecting = 0
      for (let i = 0; i < count; i++) if (ask(next() - SIZE) === 0) intersecting++
      return intersecting === count ? count : 0
    },
  }
}

const LINKED = 'a linked list of siblings'

export const benches: readonly Bench[] = [
  timedBench({
    name: 'resource-tree/insert-ascending',
    about: `request_resource behind ${SIBLINGS} siblings`,
    unit: 'insert',
    setUp: () => null,
    ours: () => ourInserts(ascending),
    peers: [{ name: LINKED, goal: 500, work: () => theirInserts(ascending) }],
  }),
  timedBench({
    name: 'resource-tree/insert-random',
    about: `request_resource anywhere among ${SIBLINGS} siblings`,
    unit: 'insert',
    setUp: scattered,
    ours: (next) => ourInserts(() => next),
    peers: [{ name: LINKED, goal: 50, work: (next) => theirInserts(() => next) }],
  }),
  timedBench({
    name: 'resource-tree/region-intersects',
    about: `region_intersects of two pages among ${SIBLINGS} siblings`,
    unit: 'question',
    setUp: () => null,
    ours: () => {
      const tree = treeOfSiblings()
      return asking(OURS, (start) => tree.regionIntersects(start, STRIDE, { flags: ioresource.SYSTEM_RAM }))
    },
    peers: [
      {
        name: LINKED,
        goal: 150,
        work: () => {
          const root = listOfSiblings()
          const flags = Number(ioresource.SYSTEM_RAM)
          return asking(PEERS, (start) => intersectsLinked(root, Number(start), Number(start + STRIDE - 1n), flags))
        },
      },
    ],
  }),
]
