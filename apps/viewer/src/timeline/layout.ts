/** Where rows and lanes lie, in pixels. */
import type { Row } from '@devtrail/survey'

export const RULER_HEIGHT = 26
export const OVERVIEW_HEIGHT = 34
export const MARKERS_HEIGHT = 26
/** What stands above the rows. */
export const HEAD_HEIGHT: number = OVERVIEW_HEIGHT + RULER_HEIGHT + MARKERS_HEIGHT
export const HEADER_WIDTH = 216
export const LANE_HEIGHT = 17
export const LANE_GAP = 2
export const TICKS_HEIGHT = 14
export const ROW_PADDING = 7
/** Of the line above the first row of a host, in a log of several. */
export const HOST_HEIGHT = 24

export function rowHeight({ lanes }: Pick<Row, 'lanes'>): number {
  return 2 * ROW_PADDING + Math.max(1, lanes.length) * (LANE_HEIGHT + LANE_GAP) + TICKS_HEIGHT
}

/** The upper edge of each row, and below the last. */
export function rowTops(rows: readonly { readonly row: Row; readonly lead: number }[]): Float64Array {
  const tops = new Float64Array(rows.length + 1)
  for (const [i, { row, lead }] of rows.entries()) tops[i + 1] = tops[i]! + lead + rowHeight(row)
  return tops
}
