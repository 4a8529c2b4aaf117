import type { Group, Node } from './node.ts'

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
