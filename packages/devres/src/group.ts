import type { Node } from './node.ts'

/** A group: its opening marker and, once closed, its closing one. */
export interface Group {
  /** Chosen by the caller; without one the group itself is its id. */
  readonly id: unknown
  readonly open: Node
  close: Node | null
}

/** find_group: the newest group of that id, open or closed; without an id the newest that is still open. */
export function findGroup(list: readonly Node[], id: unknown): Group | undefined {
  const fits = ({ marks }: Node): boolean => marks !== null && (id === undefined ? marks.close === null : marks.id === id)
  return list.findLast((node) => node.marks?.open === node && fits(node))?.marks ?? undefined
}

/**
 * remove_nodes: of a range of the list, what leaves it. All resources do, whatever group they belong to; a group is
 * dissolved when both its markers are in the range, or its opening one and it was never closed. Groups come in the
 * order in which they were found complete.
 */
export function dissolve(range: readonly Node[]): { resources: Node[]; groups: Group[] } {
  const seen = new Set<Group>()
  const groups: Group[] = []
  for (const { marks } of range) {
    if (marks === null) continue
    if (seen.has(marks) || marks.close === null) groups.push(marks)
    seen.add(marks)
  }
  return { resources: range.filter((node) => node.marks === null), groups }
}
