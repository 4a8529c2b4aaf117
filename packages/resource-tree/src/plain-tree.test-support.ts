/** The tree once more, as plainly as it can be said: nested arrays that are looked through from the front. An oracle for small trees. */

export interface PlainNode {
  readonly name: string
  start: number
  end: number
  isBusy: boolean
  /** In order. */
  children: PlainNode[]
  parent: PlainNode | null
}

export const plain = (name: string, start: number, end: number, isBusy = false): PlainNode => ({
  name,
  start,
  end,
  isBusy,
  children: [],
  parent: null,
})

const isIn = (a: PlainNode, b: PlainNode): boolean => a.start >= b.start && a.end <= b.end
const overlap = (a: PlainNode, b: PlainNode): boolean => a.start <= b.end && b.start <= a.end
const isSame = (a: PlainNode, b: PlainNode): boolean => a.start === b.start && a.end === b.end

function put(parent: PlainNode, node: PlainNode): void {
  node.parent = parent
  parent.children = [...parent.children, node].toSorted((a, b) => a.start - b.start)
}

/** What is in the way; null: it is linked. */
export function request(parent: PlainNode, node: PlainNode): PlainNode | null {
  if (node.end < node.start || !isIn(node, parent)) return parent
  const inTheWay = parent.children.find((child) => overlap(child, node))
  if (inTheWay === undefined) put(parent, node)
  return inTheWay ?? null
}

/** As {@link request}, but goes down into what holds it, and above what it covers. */
export function insert(parent: PlainNode, node: PlainNode): PlainNode | null {
  if (node.end < node.start || !isIn(node, parent)) return parent
  const met = parent.children.filter((child) => overlap(child, node))
  const [holder] = met
  if (holder === node) return node
  if (holder !== undefined && isIn(node, holder) && !isSame(node, holder)) return insert(holder, node)
  const partly = met.find((child) => !isIn(child, node))
  if (partly !== undefined) return partly
  parent.children = parent.children.filter((child) => !met.includes(child))
  node.children = met
  for (const child of met) child.parent = node
  put(parent, node)
  return null
}

/** With what stands below it. */
export function release(node: PlainNode): void {
  node.parent!.children = node.parent!.children.filter((child) => child !== node)
  node.parent = null
}

/** Its children take its place. */
export function remove(node: PlainNode): void {
  const { parent, children } = node
  release(node)
  node.children = []
  for (const child of children) put(parent!, child)
}

/** Between its neighbours, around its children. */
export function adjust(node: PlainNode, start: number, size: number): boolean {
  const moved = plain('', start, start + size - 1)
  const { parent, children } = node
  const place = parent!.children.indexOf(node)
  const [before, behind] = [parent!.children[place - 1], parent!.children[place + 1]]
  const isFree = (before === undefined || before.end < moved.start) && (behind === undefined || behind.start > moved.end)
  if (!isFree || !isIn(moved, parent!) || children.some((child) => !isIn(child, moved))) return false
  node.start = start
  node.end = moved.end
  return true
}

/** __request_region. */
export function region(parent: PlainNode, node: PlainNode): PlainNode | null {
  const conflict = request(parent, node)
  if (conflict === null) return node
  return conflict === parent || conflict.isBusy ? null : region(conflict, node)
}

/** __release_region: what was freed. */
export function free(parent: PlainNode, start: number, size: number): PlainNode | null {
  const wanted = plain('', start, start + size - 1)
  const holder = parent.children.find((child) => isIn(wanted, child))
  if (holder === undefined) return null
  if (!holder.isBusy) return free(holder, start, size)
  if (!isSame(holder, wanted)) return null
  release(holder)
  return holder
}

export const shown = ({ children }: PlainNode): string =>
  children
    .map((node) => `${node.name} ${node.start.toString(16)}-${node.end.toString(16)}${node.children.length > 0 ? `{${shown(node)}}` : ''}`)
    .join(', ')
