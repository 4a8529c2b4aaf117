/** Random sequences of every operation that changes a tree, on descriptors that live on: released ones come back with their children. */
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { ResourceTreeBug } from './bug.ts'
import { ioresource } from './flags.ts'
import { u64 } from './ranges.ts'
import { Resource } from './resource.ts'
import { ResourceTree } from './resource-tree.ts'
import type { Rules } from './rules.ts'

const operations =
  'request insert insert expand release remove region region free adjust adjust-root allocate scatter take-out take-out describe copy'

const kinds = [
  ioresource.MEM,
  ioresource.MEM | ioresource.BUSY,
  ioresource.SYSTEM_RAM | ioresource.BUSY,
  ioresource.MEM | ioresource.EXCLUSIVE,
]

export interface Command {
  readonly op: string
  readonly which: number
  readonly start: number
  readonly size: number
  readonly parent: number
  readonly kind: number
}

export const commands = (maxLength = 80): fc.Arbitrary<Command[]> =>
  fc.array(
    fc.record<Command>({
      op: fc.constantFrom(...operations.split(' ')),
      which: fc.nat(7),
      start: fc.nat(0x3f),
      // A negative size wraps: the range ends before it starts.
      size: fc.oneof(fc.integer({ min: -0x20, max: 8 }), fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 0x40 })),
      parent: fc.nat(7),
      kind: fc.nat(kinds.length - 1),
    }),
    { maxLength, size: 'max' },
  )

export interface Run {
  readonly tree: ResourceTree
  readonly events: AnyEvent[]
  /** Every descriptor that there ever was. */
  readonly all: readonly Resource[]
}

interface RunOptions {
  /** Nobody writes a range that ends before it starts, or is not around the children. */
  readonly legal?: boolean
  readonly rules?: Rules
  readonly mayAllocate?: () => boolean
  /** Called after each command. */
  readonly after?: (run: Run) => void
}

/** Runs commands; one that is a bug of the caller throws and changes nothing. */
export function run(list: readonly Command[], { legal = false, rules = 'linux-6.1', mayAllocate, after }: RunOptions = {}): Run {
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
  const tree = new ResourceTree(emitter, new Ids(), { name: 'iomem', start: 0n, end: 0x3fn, rules, ...(mayAllocate && { mayAllocate }) })
  const user = new User(tree, legal)
  const ran = { tree, events, all: user.all }
  for (const command of list) {
    try {
      user.run(command)
    } catch (error) {
      if (!(error instanceof ResourceTreeBug)) throw error
    }
    after?.(ran)
  }
  return ran
}

class User {
  readonly all: Resource[] = []
  readonly #slots: Resource[] = []
  readonly #tree: ResourceTree
  readonly #legal: boolean

  constructor(tree: ResourceTree, legal: boolean) {
    this.#tree = tree
    this.#legal = legal
  }

  run({ op, which, start, size, parent, kind }: Command): void {
    const tree = this.#tree
    const from = BigInt(start)
    const bytes = this.#legal ? BigInt(Math.max(1, size)) : u64(BigInt(size))
    const own = this.#slots[which]
    const above = this.#slots[parent] ?? tree.root
    switch (op) {
      case 'request':
      case 'insert':
      case 'expand':
        return this.#link(op, this.#descriptor(which, from, bytes, kinds[kind]!), above)
      case 'release':
        if (own?.parent != null) tree.releaseResource(own)
        return
      case 'remove':
        if (own?.parent == null || !tree.rules.canRemove) return
        tree.removeResource(own)
        own.staleChild = null
        return
      case 'copy':
        if (own?.parent != null) tree.releaseResource(own.copy())
        return
      case 'region':
        return this.#region(which, from, bytes, above)
      case 'free':
        if (kind > 1 && own !== undefined) tree.releaseRegion(own.start, own.end - own.start + 1n)
        else tree.releaseRegion(from, bytes, above)
        return
      case 'adjust':
        if (own !== undefined) tree.adjustResource(own, from, bytes)
        return
      case 'adjust-root':
        tree.adjustResource(tree.root, from % 4n, 0x3cn + (from % 3n))
        return
      case 'scatter':
        tree.releaseChildResources(above)
        return
      case 'take-out': {
        const { upper } = tree.releaseMemRegionAdjustable(from, bytes)
        if (upper !== null) this.all.push((this.#slots[which] = upper))
        return
      }
      case 'describe':
        if (own !== undefined) tree.describe(own, { flags: kinds[kind]!, desc: kind, name: `d${start}` })
        return
      case 'allocate':
        return this.#allocate(which, bytes, 1n << BigInt(kind), above)
      default:
        throw new Error(op)
    }
  }

  #link(op: 'request' | 'insert' | 'expand', resource: Resource, above: Resource): void {
    if (op === 'request') this.#tree.requestResource(resource, above)
    else if (op === 'insert') this.#tree.insertResource(resource, above)
    else this.#tree.insertResourceExpandToFit(resource, above)
  }

  /** One that has no parent is used again, with what is under it; one that has, as it stands. */
  #descriptor(which: number, start: bigint, size: bigint, flags: bigint): Resource {
    const own = this.#slots[which]
    if (own === undefined || (own.parent !== null && own.id === null)) return this.#new(which, start, size, flags)
    if (own.parent === null && !(this.#legal && own.hasChildren)) this.#tree.describe(own, { start, end: start + size - 1n, flags })
    return own
  }

  #new(which: number, start: bigint, size: bigint, flags: bigint): Resource {
    const resource = new Resource(start, start + size - 1n, `r${which}`, flags)
    this.all.push((this.#slots[which] = resource))
    return resource
  }

  #region(which: number, start: bigint, size: bigint, above: Resource): void {
    const region = this.#tree.requestRegion(start, size, `g${which}`, 0n, above)
    if (region !== null) this.all.push((this.#slots[which] = region))
  }

  #allocate(which: number, size: bigint, align: bigint, above: Resource): void {
    const own = this.#slots[which]
    const resource = own ?? this.#new(which, 0n, 1n, ioresource.MEM)
    if (this.#legal && own?.parent == null && own?.hasChildren) return
    this.#tree.allocateResource(resource, size, { align }, this.#legal && resource.parent !== null ? resource.parent : above)
  }
}
