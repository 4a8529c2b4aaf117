import type { Resource } from './resource.ts'
import type { SiblingList } from './sibling-list.ts'

interface Level {
  readonly list: SiblingList<Resource>
  place: number
}

/**
 * Everything below a node, each before its children: the kernel's `next_resource`. From what ends before `from` on siblings are skipped where
 * they are in order; null skips nothing.
 *
 * `beyond`: what comes next is looked for above too, as the kernel does, so that a walk below an inner node runs on into what follows that node.
 */
export class Preorder {
  readonly #from: bigint | null
  #current: Resource | null = null
  readonly #levels: Level[] = []

  constructor(root: Resource, { from = null, beyond = false }: { readonly from?: bigint | null; readonly beyond?: boolean } = {}) {
    this.#from = from
    if (!root.hasChildren) return
    if (beyond) this.#levels.push(...levelsAbove(root))
    this.#enter(root.list!)
  }

  /** The next one, null at the end. */
  next(skipChildren = false): Resource | null {
    if (!skipChildren && this.#current?.hasChildren) this.#enter(this.#current.list!)
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      this.#current = level.list.at(level.place)
      if (this.#current !== null) {
        level.place = level.list.next(level.place)
        return this.#current
      }
      this.#levels.pop()
    }
    return (this.#current = null)
  }

  #enter(list: SiblingList<Resource>): void {
    this.#levels.push({ list, place: this.#from !== null && list.regular ? list.endingFrom(this.#from) : 0 })
  }
}

/** What follows a node, and each of its ancestors, among its siblings; the outermost first. */
function levelsAbove(node: Resource): Level[] {
  const levels: Level[] = []
  for (let at: Resource | null = node; at?.parent?.list != null; at = at.parent) {
    const place = at.parent.list.placeOf(at)
    if (place < 0) break
    levels.unshift({ list: at.parent.list, place: at.parent.list.next(place) })
  }
  return levels
}
