/** The whole canvas of a timeline: ruler, overview, rows, cursor. Nothing of it is kept between two drawings. */
import { drawArrows } from './draw-arrows.ts'
import { drawLanes, drawTicks } from './draw-row.ts'
import { BandPainter } from './draw-band.ts'
import { lastUpTo } from './clock.ts'
import { HEAD_HEIGHT, OVERVIEW_HEIGHT, RULER_HEIGHT } from './layout.ts'
import { marks, markText, placeOf, xOf, type Scale } from './scale.ts'
import type { Scene } from './scene.ts'

/** What does not change while one travels: everything but cursors and arrows. */
export class Backdrop {
  readonly #canvas = document.createElement('canvas')
  #of: readonly unknown[] = []

  /** Draws it, from its picture where nothing of it has changed. */
  paint(g: CanvasRenderingContext2D, scene: Scene): void {
    const { opened, scan, rows, theme, scale, limits, scrollTop, height, current } = scene
    const of = [
      opened,
      scan,
      rows,
      theme,
      scale.axis,
      scale.from,
      scale.to,
      scale.width,
      ...limits,
      scrollTop,
      height,
      current,
      devicePixelRatio,
    ]
    if (of.some((value, i) => value !== this.#of[i])) {
      this.#of = of
      this.#canvas.width = g.canvas.width
      this.#canvas.height = g.canvas.height
      const own = this.#canvas.getContext('2d')!
      own.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
      drawBackdrop(own, scene)
    }
    g.drawImage(this.#canvas, 0, 0, scale.width, height)
  }
}

function drawBackdrop(g: CanvasRenderingContext2D, scene: Scene): void {
  const { theme, scale, height } = scene
  g.fillStyle = theme.ground
  g.fillRect(0, 0, scale.width, height)
  drawGrid(g, scene)
  drawRows(g, scene)
  g.fillStyle = theme.ground
  g.fillRect(0, 0, scale.width, HEAD_HEIGHT)
  drawOverview(g, scene)
  drawRuler(g, scene)
}

export function drawScene(g: CanvasRenderingContext2D, backdrop: Backdrop, scene: Scene): void {
  const { theme, scale, height } = scene
  g.clearRect(0, 0, scale.width, height)
  backdrop.paint(g, scene)
  g.save()
  g.beginPath()
  g.rect(0, HEAD_HEIGHT, scale.width, height)
  g.clip()
  drawArrows(g, scene)
  g.restore()
  drawWhere(g, scene)
  if (scene.compare !== null) drawCursor(g, scene, scene.compare, theme.compare, [5, 4], 'A')
  drawCursor(g, scene, scene.at, theme.cursor, [], scene.compare === null ? null : 'B')
}

function drawRows(g: CanvasRenderingContext2D, scene: Scene): void {
  const { scan, rows, tops, scrollTop, height, theme, scale, limits, current } = scene
  if (scan === null) return
  const painter = new BandPainter(g, theme)
  const end = scan.done ? limits[1] : placeOf(scale.axis, scan.upTo, scan.binTimes.at(-1) ?? limits[0])
  for (let i = Math.max(0, lastUpTo(tops, scrollTop)); i < rows.length; i++) {
    const { lead } = rows[i]!
    const edge = tops[i]! - scrollTop + HEAD_HEIGHT
    if (edge > height) break
    const top = edge + lead
    const bottom = tops[i + 1]! - scrollTop + HEAD_HEIGHT
    if (lead > 0) {
      g.fillStyle = theme.raised
      g.fillRect(0, edge, scale.width, lead)
      g.fillStyle = theme.line
      g.fillRect(0, top - 1, scale.width, 1)
    }
    if (i === current) {
      g.globalAlpha = 0.6
      g.fillStyle = theme.raised
      g.fillRect(0, top, scale.width, bottom - top)
      g.globalAlpha = 1
    }
    drawLanes(painter, rows[i]!, scale, top, end)
    drawTicks(g, theme, rows[i]!, scale, top)
    g.fillStyle = theme.line
    g.fillRect(0, bottom - 1, scale.width, 1)
  }
  if (!scan.done) drawUnread(g, scene, end)
}

/** What was not read yet is not empty: it looks so. */
function drawUnread(g: CanvasRenderingContext2D, { theme, scale, height }: Scene, from: number): void {
  const x = xOf(scale, from)
  if (x > scale.width) return
  g.save()
  g.globalAlpha = 0.12
  g.fillStyle = theme.ink
  for (let stripe = Math.max(0, x) - (Math.max(0, x) % 12); stripe < scale.width; stripe += 12) g.fillRect(stripe, HEAD_HEIGHT, 4, height)
  g.restore()
}

/** How dense events are over the whole log, and which part of it is to be seen. */
function drawOverview(g: CanvasRenderingContext2D, { opened, scan, clock, theme, scale, limits }: Scene): void {
  const whole: Scale = { ...scale, from: limits[0], to: limits[1] }
  const sums = new Float64Array(Math.ceil(scale.width))
  const add = (seq: number, count: number): void => {
    const x = Math.floor(xOf(whole, placeOf(scale.axis, seq, clock.timeOf(seq))))
    if (x >= 0 && x < sums.length) sums[x]! += count
  }
  if (scale.axis === 'time') {
    const step = Math.max(1, Math.ceil((opened.lastSeq - opened.firstSeq + 1) / 4096))
    for (let seq = opened.firstSeq; seq <= opened.lastSeq; seq += step) add(seq, step)
  } else sums.fill(1)
  const most = Math.max(1, ...sums)
  g.fillStyle = theme.tick
  g.globalAlpha = scale.axis === 'time' ? 0.75 : 0.25
  const room = OVERVIEW_HEIGHT - 10
  for (const [x, sum] of sums.entries()) {
    if (sum === 0) continue
    const part = Math.max(2, (Math.log1p(sum) / Math.log1p(most)) * room)
    g.fillRect(x, OVERVIEW_HEIGHT - 4 - part, 1, part)
  }
  g.globalAlpha = 1
  for (const { seq, time, certainty } of scan?.violations ?? []) {
    const x = xOf(whole, placeOf(scale.axis, seq, time))
    g.fillStyle = theme.bad
    g.globalAlpha = certainty === 'certain' ? 1 : 0.5
    g.fillRect(x - 1, 2, 2, OVERVIEW_HEIGHT - 5)
  }
  g.globalAlpha = 1
  const [x1, x2] = [xOf(whole, scale.from), xOf(whole, scale.to)]
  g.fillStyle = theme.ink
  g.globalAlpha = 0.1
  g.fillRect(0, 0, x1, OVERVIEW_HEIGHT - 2)
  g.fillRect(x2, 0, scale.width - x2, OVERVIEW_HEIGHT - 2)
  g.globalAlpha = 1
  g.strokeStyle = theme.faint
  g.strokeRect(x1 + 0.5, 0.5, Math.max(2, x2 - x1 - 1), OVERVIEW_HEIGHT - 3)
}

function drawGrid(g: CanvasRenderingContext2D, { theme, scale, height }: Scene): void {
  g.fillStyle = theme.line
  for (const value of marks(scale).values) g.fillRect(Math.round(xOf(scale, value)), HEAD_HEIGHT, 1, height)
}

function drawRuler(g: CanvasRenderingContext2D, { theme, scale }: Scene): void {
  const { step, values } = marks(scale)
  g.font = theme.font
  g.textBaseline = 'middle'
  g.fillStyle = theme.raised
  g.fillRect(0, OVERVIEW_HEIGHT, scale.width, RULER_HEIGHT)
  for (const value of values) {
    const x = Math.round(xOf(scale, value))
    g.fillStyle = theme.line
    g.fillRect(x, OVERVIEW_HEIGHT + 16, 1, HEAD_HEIGHT - OVERVIEW_HEIGHT - 16)
    g.fillStyle = theme.faint
    const text = markText(scale.axis, value, step)
    if (x + g.measureText(text).width + 6 < scale.width) g.fillText(text, x + 4, OVERVIEW_HEIGHT + RULER_HEIGHT / 2)
  }
  g.fillStyle = theme.line
  g.fillRect(0, HEAD_HEIGHT - 1, scale.width, 1)
}

/** Where one is in the whole log. */
function drawWhere(g: CanvasRenderingContext2D, { scale, limits, clock, theme, at }: Scene): void {
  const x = xOf({ ...scale, from: limits[0], to: limits[1] }, placeOf(scale.axis, at, clock.timeOf(at)))
  g.fillStyle = theme.cursor
  g.fillRect(Math.round(x) - 1, 0, 2, OVERVIEW_HEIGHT - 2)
}

function drawCursor(
  g: CanvasRenderingContext2D,
  { scale, clock, height }: Scene,
  seq: number,
  colour: string,
  dash: readonly number[],
  name: string | null,
): void {
  const x = Math.round(xOf(scale, placeOf(scale.axis, seq, clock.timeOf(seq))))
  if (x < -8 || x > scale.width + 8) return
  g.strokeStyle = colour
  g.fillStyle = colour
  g.lineWidth = 2
  g.setLineDash([...dash])
  g.beginPath()
  g.moveTo(x, OVERVIEW_HEIGHT + 6)
  g.lineTo(x, height)
  g.stroke()
  g.setLineDash([])
  g.beginPath()
  g.moveTo(x - 6, OVERVIEW_HEIGHT)
  g.lineTo(x + 6, OVERVIEW_HEIGHT)
  g.lineTo(x, OVERVIEW_HEIGHT + 9)
  g.fill()
  if (name !== null) g.fillText(name, x + 8, OVERVIEW_HEIGHT + 7)
}
