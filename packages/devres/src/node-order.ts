import type { LookupKey, Node } from './node.ts'

/**
 * Nodes in the order of adding. The kernel's list is walked for whatever is looked for; here a node is taken out in constant time, and
 * found in constant time by its key, so that a list of many resources can be emptied in any order.
 */
export class NodeOrder {
  /** Null where one was taken out. */
  #places: (Node | null)[] = []
  #length = 0
  /** By kind, then by data: oldest first. */
  readonly #keyed = new Map<unknown, Map<unknown, Node[]>>()

  get length(): number {
    return this.#length
  }

  /** Oldest first. A new array each time. */
  toArray(): Node[] {
    return this.#places.filter((node) => node !== null)
  }

  append(node: Node): void {
    node.at = this.#places.length
    node.life = 'listed'
    this.#places.push(node)
    this.#length += 1
    this.#index(node)
  }

  /** `life`: what becomes of it. */
  takeOut(node: Node, life: 'loose' | 'freed'): void {
    this.#places[node.at] = null
    node.life = life
    this.#length -= 1
    this.#unindex(node)
    if (this.#places.length > 32 && this.#length < this.#places.length / 2) this.#close()
  }

  /** Another stands in its place; it is freed. */
  replace(old: Node, next: Node): void {
    next.at = old.at
    next.life = 'listed'
    this.#places[old.at] = next
    old.life = 'freed'
    this.#unindex(old)
    // No other has its key: it is memory that was made just now.
    this.#index(next)
  }

  /** From one node to another, or to the end; both are in it. */
  range(from: Node, to: Node | null): Node[] {
    return this.#places.slice(from.at, to === null ? undefined : to.at + 1).filter((node) => node !== null)
  }

  /** The newest that fits. */
  findNewest(fits: (node: Node) => boolean): Node | undefined {
    for (let at = this.#places.length - 1; at >= 0; at--) {
      const node = this.#places[at]
      if (node !== null && node !== undefined && fits(node)) return node
    }
    return undefined
  }

  /** The newest of a key. */
  newestOf({ kind, data }: LookupKey): Node | undefined {
    return this.#keyed.get(kind)?.get(data)?.at(-1)
  }

  #index(node: Node): void {
    if (node.key === null) return
    const { kind, data } = node.key
    let ofKind = this.#keyed.get(kind)
    if (ofKind === undefined) this.#keyed.set(kind, (ofKind = new Map()))
    const same = ofKind.get(data)
    if (same === undefined) ofKind.set(data, [node])
    else same.push(node)
  }

  #unindex(node: Node): void {
    if (node.key === null) return
    const { kind, data } = node.key
    const ofKind = this.#keyed.get(kind)!
    const same = ofKind.get(data)!
    if (same.length > 1) same.splice(same.lastIndexOf(node), 1)
    else if (ofKind.size > 1) ofKind.delete(data)
    else this.#keyed.delete(kind)
  }

  #close(): void {
    this.#places = this.toArray()
    for (const [at, node] of this.#places.entries()) node!.at = at
  }
}
