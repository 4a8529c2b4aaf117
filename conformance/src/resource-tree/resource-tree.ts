import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { Resource, ResourceTree } from '@devtrail/resource-tree'
import { UnknownOperation, type Answer, type Operation, type Sequence, type Subsystem } from '../sequence.ts'
import { Descriptors, type Descriptor, type Head } from './descriptors.ts'
import { alignFunctions, warningFunctions } from './names.ts'
import { answerQuery, isQuery } from './queries.ts'

/** What the operations have in `args`; which of them, depends on the operation. Addresses and sizes are hex. */
interface Args extends Descriptor {
  readonly parent: string
  readonly size: string
  readonly min: string
  readonly max: string
  readonly align: string
  readonly alignf: string
  readonly name: string
  readonly copy?: boolean
}

/** Where the window of `iomem` sequences is; their addresses are relative to it, and the kernel's root is the whole space. */
const WINDOW = 0x40_0000_0000n
const WHOLE = { start: 0n, end: 2n ** 64n - 1n }

export const resourceTree: Subsystem = (sequence) => {
  const fixture = new Fixture(sequence)
  return (operation) => fixture.run(operation)
}

class Fixture {
  readonly #events: AnyEvent[] = []
  readonly #tree: ResourceTree
  readonly #all: Descriptors

  constructor(sequence: Sequence) {
    const iomem = sequence['kind'] === 'iomem'
    const head = sequence['root'] as Head
    const range = iomem ? WHOLE : { start: BigInt(head.start), end: BigInt(head.end) }
    const events = new Emitter(new ManualClock(), (event) => this.#events.push(event))
    this.#tree = new ResourceTree(events, new Ids(), { name: 'root', ...range, flags: BigInt(head.flags), rules: 'linux-6.1' })
    this.#tree.root.desc = head.desc
    this.#all = new Descriptors(this.#tree, iomem ? { base: WINDOW, head } : { base: 0n, head: null })
  }

  run({ op, args }: Operation): Answer {
    this.#events.length = 0
    const answer = isQuery(op) ? answerQuery(this.#tree, this.#all, op, args) : this.#change(op, args as unknown as Args)
    const warn = warningFunctions(this.#events)
    return { ...answer, ...(warn.length > 0 && { warn }), tree: this.#all.tree(), detached: this.#all.detached() }
  }

  #change(op: string, args: Args): Answer {
    const tree = this.#tree
    const all = this.#all
    const address = (text: string): bigint => all.absolute(text)
    switch (op) {
      case 'request_resource':
        return { ret: tree.requestResource(all.given(args), all.find(args.parent)) }
      case 'insert_resource':
        return { ret: tree.insertResource(all.given(args), all.find(args.parent)) }
      case 'request_resource_conflict':
        return { ret: all.nameOf(tree.requestResourceConflict(all.given(args), all.find(args.parent))) }
      case 'insert_resource_conflict':
        return { ret: all.nameOf(tree.insertResourceConflict(all.given(args), all.find(args.parent))) }
      case 'insert_resource_expand_to_fit':
        tree.insertResourceExpandToFit(all.given(args), all.find(args.parent))
        return { ret: null }
      case 'release_resource':
        return this.#unlink(args, (resource) => tree.releaseResource(resource))
      case 'remove_resource':
        return this.#unlink(args, (resource) => tree.removeResource(resource))
      case 'adjust_resource':
        return { ret: tree.adjustResource(all.find(args.id), address(args.start!), BigInt(args.size)) }
      case 'allocate_resource':
        return { ret: this.#allocate(args) }
      case '__request_region':
        return { ret: this.#requestRegion(args) }
      case '__release_region':
        return this.#releaseRegion(args)
      case 'release_child_resources':
        tree.releaseChildResources(all.find(args.parent))
        return { ret: null }
      case 'release_mem_region_adjustable': {
        const { freed } = tree.releaseMemRegionAdjustable(address(args.start!), BigInt(args.size))
        return { ret: null, freed: freed === null ? null : all.freed(freed) }
      }
      default:
        throw new UnknownOperation(op)
    }
  }

  #unlink({ id, copy = false }: Args, unlink: (resource: Resource) => number): Answer {
    const resource = this.#all.find(id)
    const ret = unlink(copy ? resource.copy() : resource)
    const stale = resource.staleChild
    resource.staleChild = null
    const freed = ret === 0 && this.#all.freedByRecorder(resource)
    return { ret, ...(stale !== null && !freed && { stale_child: stale.name }) }
  }

  #allocate({ parent, id, size, min, max, align, alignf, flags }: Args): number {
    const callback = alignFunctions[alignf]
    if (callback === undefined) throw new UnknownOperation(`allocate_resource with alignf ${alignf}`)
    const resource = this.#all.given({ id, flags: flags! })
    const bounds = { min: this.#all.absolute(min), max: this.#all.absolute(max), align: BigInt(align) }
    const constraint = callback === null ? bounds : { ...bounds, alignf: callback }
    return this.#tree.allocateResource(resource, BigInt(size), constraint, this.#all.find(parent))
  }

  #requestRegion({ parent, start, size, name, flags }: Args): Answer | null {
    const all = this.#all
    const region = this.#tree.requestRegion(all.absolute(start!), BigInt(size), name, BigInt(flags ?? 0), all.find(parent))
    if (region === null) return null
    all.add(region)
    return { id: name, start: all.relative(region.start), end: all.relative(region.end), parent: all.nameOf(region.parent) }
  }

  #releaseRegion({ parent, start, size }: Args): Answer {
    const result = this.#tree.releaseRegion(this.#all.absolute(start!), BigInt(size), this.#all.find(parent))
    return 'freed' in result ? { ret: null, found: true, freed: this.#all.freed(result.freed) } : { ret: null, found: false }
  }
}
