import type { Row } from '@devtrail/survey'
import type { Axis } from '../page/link.ts'
import { lastUpTo } from './clock.ts'
import type { BandPainter } from './draw-band.ts'
import { LANE_GAP, LANE_HEIGHT, ROW_PADDING, TICKS_HEIGHT } from './layout.ts'
import { xOf, type Scale } from './scale.ts'
import type { ShownRow } from './shown-rows.ts'
import type { Theme } from './theme.ts'

/** Where the n-th event or band begins on the axis. */
const starts = (axis: Axis, { seqs, times }: { readonly seqs: Float64Array; readonly times: Float64Array }): Float64Array =>
  axis === 'time' ? times : seqs

/** The bands of a row that are to be seen. Those too thin to see are drawn once a pixel. */
export function drawLanes(painter: BandPainter, { row, looks }: ShownRow, scale: Scale, top: number, end: number): void {
  for (const [i, lane] of row.lanes.entries()) {
    const y = top + ROW_PADDING + i * (LANE_HEIGHT + LANE_GAP)
    const from = starts(scale.axis, lane)
    let drawn = -Infinity
    for (let n = Math.max(0, lastUpTo(from, scale.from)); n < from.length; n++) {
      if (from[n]! > scale.to) break
      const look = lane.looks[n]!
      const x = Math.max(-2, xOf(scale, from[n]!))
      const x2 = Math.min(scale.width + 2, xOf(scale, n + 1 < from.length ? from[n + 1]! : end))
      if (look < 0 || (x2 - x < 1 && Math.floor(x) === drawn)) continue
      drawn = Math.floor(x)
      painter.paint(looks[look]!, x, y, x2 - x, LANE_HEIGHT)
    }
  }
}

/** The y at which a row's ticks stand. */
export const ticksTop = (row: Row, top: number): number => top + ROW_PADDING + Math.max(1, row.lanes.length) * (LANE_HEIGHT + LANE_GAP)

/** Ticks for events, higher where many fall on one pixel. */
export function drawTicks(g: CanvasRenderingContext2D, theme: Theme, { row, bins }: ShownRow, scale: Scale, top: number): void {
  const y = ticksTop(row, top)
  const height = TICKS_HEIGHT - 2
  const sums = new Float64Array(Math.ceil(scale.width) + 1)
  let most = 0
  for (let n = Math.max(0, lastUpTo(row.bins, bins.upTo(scale.axis, scale.from) - 1)); n < row.bins.length; n++) {
    const value = bins.placeOf(scale.axis, row.bins[n]!)
    if (value > scale.to) break
    const x = Math.floor(xOf(scale, value))
    if (x < 0 || x >= sums.length) continue
    sums[x]! += row.counts[n]!
    most = Math.max(most, sums[x]!)
  }
  g.fillStyle = theme.tick
  for (let x = 0; x < sums.length; x++) {
    if (sums[x] === 0) continue
    const part = most === 1 ? 0.7 : 0.3 + 0.7 * (Math.log1p(sums[x]!) / Math.log1p(most))
    g.fillRect(x, y + height - Math.ceil(height * part), 1.5, Math.ceil(height * part))
  }
}
