import { hex } from '@devtrail/events'
import type { DevresList } from './devres-list.ts'
import { DEVRES_HEADER_BYTES } from './managed-memory.ts'
import type { Group, Node } from './node.ts'

const OPEN = 'grp<'
const CLOSE = 'grp>'
/** sizeof(struct devres_node) on 64-bit: where a group's closing marker lies behind its opening one. */
const MARKER_BYTES = BigInt(DEVRES_HEADER_BYTES)

/** find_group: the newest group of that id, open or closed; without an id (undefined or null) the newest that is still open. */
export function findGroup(list: DevresList, id: unknown): Group | undefined {
  const isOf = (group: Group): boolean => group.id === id || Object.is(group.id, id)
  const fits = ({ marks }: Node): boolean => marks !== null && ((id ?? null) === null ? marks.close === null : isOf(marks))
  return list.findNewest((node) => node.marks?.open === node && fits(node))?.marks ?? undefined
}

/** The id of a new group, at the end of the list; null when there is no memory. */
export function openGroup(list: DevresList, id: unknown): unknown {
  // The marker and the group point at each other.
  const group: Group = { id, open: undefined as unknown as Node, close: null }
  const open = list.alloc({ release: OPEN, size: 0, data: null, run: null, marks: group, key: null })
  if (open === null) return null
  group.id ??= open.node
  group.open = open
  list.append(open)
  return group.id
}

/** @throws Error when it is closed already (BUG). */
export function closeGroup(list: DevresList, group: Group): void {
  if (group.close !== null) throw list.bug(group.open, `opens group ${String(group.id)}, which is closed twice`)
  const node = hex(BigInt(group.open.node) + MARKER_BYTES)
  group.close = { node, release: CLOSE, size: 0, data: null, run: null, marks: group, key: null, life: 'loose', at: -1 }
  list.append(group.close)
}

/** Drops the markers. */
export function removeGroup(list: DevresList, { open, close }: Group): void {
  list.unlink(open, 'freed')
  if (close !== null) list.unlink(close, 'freed')
}
