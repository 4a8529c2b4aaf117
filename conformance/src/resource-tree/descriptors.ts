import { Resource, type ResourceTree } from '@devtrail/resource-tree'
import { UnknownOperation } from '../sequence.ts'

/** A descriptor as the arguments of an operation give it. */
export interface Descriptor {
  readonly id: string
  readonly start?: string
  readonly end?: string
  /** Null: as it is. */
  readonly flags?: number | null
  readonly desc?: number
}

/** The root as a sequence's head gives it. */
export interface Head {
  readonly start: string
  readonly end: string
  readonly flags: number
  readonly desc: number
}

/** Depth, start, end, flags, desc, id. */
type Row = readonly [depth: number, start: string, end: string, flags: number, desc: number, id: string]

const numberOf = (id: string): number => Number(id.slice(1))

/** The descriptors of a sequence by their ids, which are their names, and how they stand. */
export class Descriptors {
  readonly #tree: ResourceTree
  readonly #base: bigint
  /** What is shown for the root, where the tree's own is wider. */
  readonly #head: Head | null
  readonly #byId = new Map<string, Resource>()

  constructor(tree: ResourceTree, { base, head }: { readonly base: bigint; readonly head: Head | null }) {
    this.#tree = tree
    this.#base = base
    this.#head = head
  }

  absolute(text: string): bigint {
    return BigInt.asUintN(64, BigInt(text) + this.#base)
  }

  relative(address: bigint): string {
    return `0x${BigInt.asUintN(64, address - this.#base).toString(16)}`
  }

  find(id: string): Resource {
    const resource = id === 'root' ? this.#tree.root : (this.#byId.get(id) ?? this.#otherPart(this.#tree.root, id))
    if (resource === undefined) throw new UnknownOperation(`descriptor ${id}`)
    return resource
  }

  /** What is left of a node that was split, once the descriptor it was made by is gone: the first of that name. */
  #otherPart({ children }: Resource, id: string): Resource | undefined {
    for (const child of children) {
      const part = child.name === id ? child : this.#otherPart(child, id)
      if (part !== undefined) return part
    }
    return undefined
  }

  nameOf(resource: Resource | null): string | null {
    return resource?.name ?? null
  }

  add(region: Resource): void {
    this.#byId.set(region.name!, region)
  }

  /** The descriptor of an operation, zeroed at its first mention, written as its arguments say; as it stands where they say nothing. */
  given({ id, start, end, flags, desc }: Descriptor): Resource {
    let resource = this.#byId.get(id)
    if (resource === undefined) this.#byId.set(id, (resource = new Resource(0n, 0n, id, 0n)))
    const range = start === undefined ? {} : { start: this.absolute(start), end: this.absolute(end!) }
    const kind = { ...(flags != null && { flags: BigInt(flags) }), ...(desc !== undefined && { desc }) }
    this.#tree.describe(resource, { ...range, ...kind })
    return resource
  }

  /** Its memory is gone, and with it its id, which it may share with the part it was split from; returns that. */
  freed(resource: Resource): string {
    const id = resource.name!
    if (this.#byId.get(id) === resource) this.#byId.delete(id)
    return id
  }

  /** Whether the recorder frees what left its tree, as it does with regions. */
  freedByRecorder(resource: Resource): boolean {
    const isRegion = resource.name!.startsWith('g')
    if (isRegion) this.#byId.delete(resource.name!)
    return isRegion
  }

  tree(): Row[] {
    const rows = this.#preorder(this.#tree.root)
    if (this.#head !== null) {
      const { start, end, flags, desc } = this.#head
      rows[0] = [0, start, end, flags, desc, 'root']
    }
    return rows
  }

  /** What stands below each of the caller's descriptors that has no parent, by number. */
  detached(): Row[][] {
    return [...this.#byId]
      .filter(([id, { parent }]) => id.startsWith('r') && parent === null)
      .toSorted(([a], [b]) => numberOf(a) - numberOf(b))
      .map(([, resource]) => this.#preorder(resource))
  }

  #preorder(resource: Resource, depth = 0): Row[] {
    const { start, end, flags, desc, name } = resource
    const row: Row = [depth, this.relative(start), this.relative(end), Number(flags), desc, name!]
    return [row, ...resource.children.flatMap((child) => this.#preorder(child, depth + 1))]
  }
}
