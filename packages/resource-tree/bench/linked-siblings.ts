/**
 * Siblings as the kernel keeps them: a linked list, walked from its head by every operation. Addresses are doubles, which compare faster than the
 * 64-bit words that they stand for.
 */

export class LinkedResource {
  readonly start: number
  /** Inclusive. */
  readonly end: number
  readonly flags: number
  parent: LinkedResource | null = null
  sibling: LinkedResource | null = null
  child: LinkedResource | null = null

  constructor(start: number, end: number, flags: number) {
    this.start = start
    this.end = end
    this.flags = flags
  }
}

/** Links `resource` below `root`; what is in its way, or null. */
export function requestLinked(root: LinkedResource, resource: LinkedResource): LinkedResource | null {
  const { start, end } = resource
  if (end < start || start < root.start || end > root.end) return root
  let before: LinkedResource | null = null
  let next = root.child
  while (next !== null && next.end < start) {
    before = next
    next = next.sibling
  }
  if (next !== null && next.start <= end) return next
  resource.sibling = next
  resource.parent = root
  if (before === null) root.child = resource
  else before.sibling = resource
  return null
}

/** Takes some children out again, in one walk. */
export function releaseLinked(root: LinkedResource, gone: ReadonlySet<LinkedResource>): void {
  let before: LinkedResource | null = null
  for (let at = root.child; at !== null; at = at.sibling) {
    if (!gone.has(at)) before = at
    else if (before === null) root.child = at.sibling
    else before.sibling = at.sibling
  }
}

/** 0: all that overlaps has the flags, 1: nothing has, 2: some has. */
export function intersectsLinked(root: LinkedResource, start: number, end: number, flags: number): number {
  let [matches, others] = [0, 0]
  for (let at = root.child; at !== null; at = at.sibling) {
    if (at.start > end || at.end < start) continue
    if ((at.flags & flags) === flags) matches += 1
    else others += 1
  }
  if (matches === 0) return 1
  return others === 0 ? 0 : 2
}
