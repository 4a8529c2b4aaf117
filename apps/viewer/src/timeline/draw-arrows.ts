/** From what led to the selected event, an arrow to it, and from what led to that. */
import type { EventRow } from '../protocol.ts'
import type { Scene } from './scene.ts'
import { ticksTop } from './draw-row.ts'
import { HEAD_HEIGHT, TICKS_HEIGHT } from './layout.ts'
import { placeOf, xOf, type Scale } from './scale.ts'

/** Shorter ones say nothing. */
const SHORT_PX = 10
/** How near to an edge an event is drawn. */
const EDGE_PX = 8
/** Arrows that are drawn. */
const ARROWS_MAX = 60

export function drawArrows(g: CanvasRenderingContext2D, scene: Scene): void {
  const { rows, why, scale, theme } = scene
  if (why === null) return
  const asked = new Set([why.event, ...why.causes].map(({ device }) => device))
  const rowsByKey = new Map(rows.flatMap(({ row: { key } }, i) => (asked.has(key) ? [[key, i] as const] : [])))
  const pointOf = ({ seq, ns, device, host }: EventRow): Point => ({
    x: xOf(scale, placeOf(scale.axis, seq, ns)),
    y: (device === null ? hostLine(scene, host) : ticksLine(scene, rowsByKey.get(device))) ?? HEAD_HEIGHT + EDGE_PX,
  })
  const points = new Map([[why.event.seq, pointOf(why.event)]])
  for (const cause of why.causes) points.set(cause.seq, pointOf(cause))
  g.strokeStyle = theme.cursor
  g.fillStyle = theme.cursor
  for (const { seq, ledTo, distance } of why.causes.slice(0, ARROWS_MAX)) {
    const [from, to] = [points.get(seq), points.get(ledTo)]
    if (from !== undefined && to !== undefined && Math.hypot(from.x - to.x, from.y - to.y) > SHORT_PX)
      arrow(g, from, to, Math.max(0.35, 1 - distance * 0.2))
  }
  const { x, y } = points.get(why.event.seq)!
  g.lineWidth = 2
  g.beginPath()
  g.arc(x, y, 6, 0, 2 * Math.PI)
  g.stroke()
  if (scale.axis === 'time') drawUncertainty(g, why.event, scale, y)
}

/** How far off the clock of the event's host may be, either way. */
function drawUncertainty(g: CanvasRenderingContext2D, { ns, uncertaintyNs }: EventRow, scale: Scale, y: number): void {
  if (uncertaintyNs === null || uncertaintyNs === 0) return
  const [from, to] = [xOf(scale, ns - uncertaintyNs), xOf(scale, ns + uncertaintyNs)]
  if (to - from < SHORT_PX) return
  g.lineWidth = 1.5
  g.setLineDash([4, 3])
  g.beginPath()
  g.moveTo(from, y)
  g.lineTo(to, y)
  g.stroke()
  g.setLineDash([])
  g.beginPath()
  for (const end of [from, to]) {
    g.moveTo(end, y - 6)
    g.lineTo(end, y + 6)
  }
  g.stroke()
}

/** Where the ticks of a row are. */
function ticksLine({ rows, tops, scrollTop }: Scene, i: number | undefined): number | null {
  if (i === undefined) return null
  const { row, lead } = rows[i]!
  return ticksTop(row, tops[i]! + lead - scrollTop + HEAD_HEIGHT) + TICKS_HEIGHT / 2
}

/** Where the name of a host stands, or the edge nearest to it: what is of no device is there, and, in a log of one host, below the ruler. */
function hostLine({ rows, tops, scrollTop, height }: Scene, host: string | undefined): number | null {
  if (host === undefined) return null
  const i = rows.findIndex(({ row }) => row.host === host)
  if (i < 0) return null
  return Math.min(height - EDGE_PX, Math.max(HEAD_HEIGHT + EDGE_PX, tops[i]! - scrollTop + HEAD_HEIGHT + rows[i]!.lead / 2))
}

interface Point {
  readonly x: number
  readonly y: number
}

function arrow(g: CanvasRenderingContext2D, from: Point, to: Point, alpha: number): void {
  g.globalAlpha = alpha
  g.lineWidth = 1.5
  const rise = Math.min(34, 10 + Math.abs(to.x - from.x) * 0.12)
  const middle = { x: (from.x + to.x) / 2, y: Math.min(from.y, to.y) - rise }
  g.beginPath()
  g.moveTo(from.x, from.y)
  g.quadraticCurveTo(middle.x, middle.y, to.x, to.y)
  g.stroke()
  const angle = Math.atan2(to.y - middle.y, to.x - middle.x)
  g.beginPath()
  g.moveTo(to.x, to.y)
  for (const turn of [-0.4, 0.4]) g.lineTo(to.x - 8 * Math.cos(angle + turn), to.y - 8 * Math.sin(angle + turn))
  g.fill()
  g.globalAlpha = 1
}
