/** Where a list of all events of a log stands: one scroll bar for all, however many there are. */

/** Pixels of a line. */
export const LINE_PX = 23
/** What browsers can scroll, with room to spare. */
export const SCROLL_PX_MAX = 4_000_000

/** A list of `count` lines of which `lines` are in view. */
export interface ListSize {
  readonly count: number
  readonly lines: number
}

/** Pixels of all that scrolls. */
export const scrollHeight = ({ count }: ListSize): number => Math.min(SCROLL_PX_MAX, count * LINE_PX)

/** The highest line that may stand on top, from 0. */
export const lastTop = ({ count, lines }: ListSize): number => Math.max(0, count - Math.max(1, Math.floor(lines)))

/** Whether a pixel of the scroll bar is less than a line: then the wheel cannot be left to it. */
export const isScaled = ({ count }: ListSize): boolean => count * LINE_PX > SCROLL_PX_MAX

const room = (size: ListSize): number => scrollHeight(size) - size.lines * LINE_PX

/** The line on top where the scroll bar stands. */
export function topAt(size: ListSize, scrollTop: number): number {
  const top = isScaled(size) ? (scrollTop / Math.max(1, room(size))) * lastTop(size) : scrollTop / LINE_PX
  return Math.min(lastTop(size), Math.max(0, Math.floor(top)))
}

/** Where the scroll bar stands for a line on top. */
export function scrollTopFor(size: ListSize, top: number): number {
  return isScaled(size) ? (top / Math.max(1, lastTop(size))) * room(size) : top * LINE_PX
}

/** The line on top when another one is to be in view, moved as little as can be; far away it comes to the middle. */
export function topFor(size: ListSize, top: number, line: number): number {
  const lines = Math.max(1, Math.floor(size.lines))
  if (line >= top && line < top + lines) return top
  const near = line < top ? line : line - lines + 1
  const next = Math.abs(near - top) <= lines ? near : line - Math.floor(lines / 2)
  return Math.min(lastTop(size), Math.max(0, next))
}
