/** Searches that leave out what cannot matter find what the kernel's walks over everything find. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commands, run, type Run } from './commands.test-support.ts'
import { partlyMapped } from './exclusive.ts'
import { ioresource } from './flags.ts'
import { intersection } from './intersects.ts'
import { insertionUnder, mayAdjust, placeUnder } from './place.ts'
import { u64 } from './ranges.ts'
import { Resource } from './resource.ts'
import { walkNodes, wantedBy, type WalkedRange, type WalkVisit } from './walk.ts'

const kind = fc.constantFrom({ flags: ioresource.MEM }, { flags: ioresource.SYSTEM_RAM | ioresource.BUSY }, { flags: 0n, desc: 2 })
const range = fc.record({ start: fc.bigInt(0n, 0x42n), end: fc.bigInt(0n, 0x42n) })

test('region_intersects and walks of a legal tree', () => {
  let visited = 0
  fc.assert(
    fc.property(commands(), range, kind, fc.boolean(), (list, { start, end }, wanted, seed) => {
      const check = ({ tree: { root } }: Run): void => {
        for (const intersects of ['nested', 'top-level'] as const) {
          const [fast, slow] = [true, false].map((inOrder) => intersection(root, { start, end }, wanted, intersects, inOrder))
          expect(fast).toBe(slow)
        }
        const [fast, slow] = [true, false].map((inOrder) => {
          const visits: WalkedRange[] = []
          const walk = { root, start, end, isWanted: wantedBy(wanted), topLevelOnly: false, seed, inOrder }
          return [walkNodes(walk, (visit) => (visits.push(visit), 0)), visits] as const
        })
        expect(fast).toEqual(slow)
        visited += fast![1].length
      }
      run(list, { legal: true, after: check })
    }),
    { numRuns: 200 },
  )
  expect(visited).toBeGreaterThan(300)
})

function gather(walk: (visit: WalkVisit) => number): readonly [ret: number, visits: readonly WalkedRange[]] {
  const visits: WalkedRange[] = []
  return [walk((visit) => (visits.push(visit), 0)), visits]
}

test('a tree knows when its order is broken, and then walks over everything', () => {
  let visited = 0
  fc.assert(
    fc.property(commands(), range, fc.constantFrom('linux-6.1', 'seed'), (list, { start, end }, rules) => {
      const seed = rules === 'seed'
      const check = ({ tree }: Run): void => {
        const { root } = tree
        const kindOf = seed ? { name: 'd1' } : { flags: ioresource.MEM, desc: 2 }
        expect(tree.regionIntersects(start, u64(end - start + 1n), kindOf)).toBe(
          intersection(root, { start, end }, kindOf, tree.rules.intersects, false),
        )
        const flags = ioresource.MEM | ioresource.BUSY
        const isWanted = wantedBy(seed ? { name: null, flags } : { flags })
        const slow = gather((visit) => walkNodes({ root, start, end, isWanted, topLevelOnly: false, seed, inOrder: false }, visit))
        expect(
          gather((visit) =>
            seed ? tree.walkIomemRes(null, flags, start, end, visit) : tree.walkIomemResDesc(0, flags, start, end, visit),
          ),
        ).toEqual(slow)
        visited += slow[1].length
      }
      run(list, { rules, after: check })
    }),
    { numRuns: 300 },
  )
  expect(visited).toBeGreaterThan(500)
})

/** Makes every address half a page. */
function inHalfPages(node: Resource): void {
  node.start *= 0x800n
  node.end = node.end * 0x800n + 0x7ffn
  for (const child of node.children) inHalfPages(child)
  node.list?.recheck()
}

test('iomem_map_sanity_check of a legal tree', () => {
  let found = 0
  fc.assert(
    fc.property(commands(), fc.array(range, { minLength: 10, maxLength: 10 }), (list, ranges) => {
      const { root } = run(list, { legal: true }).tree
      inHalfPages(root)
      for (const { start, end } of ranges) {
        const [fast, slow] = [true, false].map((inOrder) => partlyMapped(root, start * 0x800n, u64((end - start + 1n) * 0x800n), inOrder))
        expect(fast).toBe(slow)
        found += Number(fast !== null)
      }
    }),
    { numRuns: 200 },
  )
  expect(found).toBeGreaterThan(20)
})

test('places among siblings, by halving and by walking', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(60), { maxLength: 20 }), range, fc.nat(19), (starts, { start, end }, which) => {
      const families = [true, false].map((regular) => family(starts, regular))
      const asked = families.map(({ parent, children, odd }) => {
        const one = children[which % Math.max(1, children.length)]
        const place = placeUnder(parent, { start, end })
        const insertion = insertionUnder(parent, new Resource(start, end))
        return [
          typeof place === 'number' ? parent.children.filter((c) => c !== odd && parent.list!.placeOf(c) < place).length : place.start,
          insertion instanceof Resource ? insertion.start : insertion.covered.map((c) => c.start),
          one === undefined ? null : mayAdjust(one, { start, end }),
        ]
      })
      expect(asked[0]).toEqual(asked[1])
    }),
    { numRuns: 300 },
  )
})

/** Children of one address each; an irregular family has one more, far behind, that ends before it starts. */
function family(starts: readonly number[], regular: boolean): { parent: Resource; children: Resource[]; odd: Resource } {
  const parent = new Resource(0n, 0x1000n, 'parent')
  const tree = run([]).tree
  const children = starts.map((s) => new Resource(BigInt(s), BigInt(s), 'child'))
  for (const child of children) expect(tree.requestResource(child, parent)).toBe(0)
  const odd = new Resource(0x800n, 0x800n, 'odd')
  tree.requestResource(odd, parent)
  if (!regular) tree.adjustResource(odd, 0x800n, 0n)
  expect(parent.list!.regular).toBe(regular)
  return { parent, children, odd }
}
