/** The live tree beside one that is said as plainly as possible, over sequences of operations. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ioresource } from './flags.ts'
import * as oracle from './plain-tree.test-support.ts'
import type { PlainNode } from './plain-tree.test-support.ts'
import { Resource } from './resource.ts'
import type { ResourceTree } from './resource-tree.ts'
import { iomem, shown } from './vector-trees.test-support.ts'

const END = 0x3f
const calls = ['request', 'request', 'insert', 'insert', 'release', 'remove', 'adjust', 'region', 'region', 'free'] as const
const command = fc.record({
  call: fc.constantFrom(...calls),
  start: fc.integer({ min: 0, max: END + 2 }),
  size: fc.integer({ min: 1, max: 20 }),
  /** Which of the nodes there are. */
  which: fc.nat(),
})
type Command = { call: (typeof calls)[number]; start: number; size: number; which: number }

/** Both trees, and the nodes of one for those of the other. */
class Pair {
  readonly tree: ResourceTree
  readonly plainRoot = oracle.plain('iomem', 0, END)
  readonly #nodes: { readonly live: Resource; readonly plain: PlainNode }[] = []
  #made = 0

  constructor(rules: 'linux-6.1' | 'seed') {
    this.tree = iomem({ end: BigInt(END), rules }).tree
  }

  /** What both answer: names of nodes, or numbers. */
  apply({ call, start, size, which }: Command): readonly [live: unknown, plain: unknown] {
    const [end, name] = [start + size - 1, `n${this.#made}`]
    switch (call) {
      case 'request':
      case 'insert': {
        const { live, plain } = this.#make(name, start, end)
        const conflict = call === 'request' ? this.tree.requestResourceConflict(live) : this.tree.insertResourceConflict(live)
        return [conflict?.name, (call === 'request' ? oracle.request : oracle.insert)(this.plainRoot, plain)?.name]
      }
      case 'region': {
        this.#made++
        const live = this.tree.requestRegion(BigInt(start), BigInt(size), name)
        const plain = oracle.region(this.plainRoot, oracle.plain(name, start, end, true))
        if (live !== null && plain !== null) this.#nodes.push({ live, plain })
        return [live?.parent?.name, plain?.parent?.name]
      }
      case 'free': {
        const [live] = Object.values(this.tree.releaseRegion(BigInt(start), BigInt(size)))
        return [live instanceof Resource ? live.name : undefined, oracle.free(this.plainRoot, start, size)?.name]
      }
      default:
        return this.#change(call, { start, size, which })
    }
  }

  #change(call: 'release' | 'remove' | 'adjust', { start, size, which }: Omit<Command, 'call'>): readonly [unknown, unknown] {
    const linked = this.#nodes.filter(({ live }) => live.parent !== null && live.id !== null)
    const one = linked[which % linked.length]
    if (one === undefined) return [0, 0]
    const { live, plain } = one
    if (call === 'adjust') return [this.tree.adjustResource(live, BigInt(start), BigInt(size)) === 0, oracle.adjust(plain, start, size)]
    if (call === 'remove' && this.tree.rules.canRemove) {
      const answer = this.tree.removeResource(live)
      live.staleChild = null
      oracle.remove(plain)
      return [answer, 0]
    }
    const answer = this.tree.releaseResource(live)
    oracle.release(plain)
    return [answer, 0]
  }

  #make(name: string, start: number, end: number): { readonly live: Resource; readonly plain: PlainNode } {
    this.#made++
    const isBusy = this.#made % 3 === 0
    const flags = ioresource.MEM | (isBusy ? ioresource.BUSY : 0n)
    const made = { live: new Resource(BigInt(start), BigInt(end), name, flags), plain: oracle.plain(name, start, end, isBusy) }
    this.#nodes.push(made)
    return made
  }
}

describe.each(['linux-6.1', 'seed'] as const)('by the rules of %s', (rules) => {
  test('every call is answered, and leaves the tree, as plain looking from the front does', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80, size: 'max' }), (commands) => {
        const pair = new Pair(rules)
        for (const one of commands) {
          const [live, plain] = pair.apply(one)
          expect([live, shown(pair.tree)]).toEqual([plain, oracle.shown(pair.plainRoot)])
        }
      }),
      { numRuns: 300 },
    )
  })
})
