/** Pointer and wheel on the canvas, as Perfetto has them. */
import type { Link } from '../page/link.ts'
import type { Opened } from '../protocol.ts'
import { lastUpTo } from './clock.ts'
import type { Scene } from './scene.ts'
import { ticksTop } from './draw-row.ts'
import { HEAD_HEIGHT, OVERVIEW_HEIGHT, RULER_HEIGHT, TICKS_HEIGHT } from './layout.ts'
import { seqAtValue, valueAt, xOf, zoomed, type Scale } from './scale.ts'
import type { ShownRow } from './shown-rows.ts'

/** Pixels within which a click means a tick. */
const NEAR_PX = 6
/** A press that moves less is a click. */
const STILL_PX = 4

interface Effects {
  readonly go: (to: Partial<Link>) => void
  readonly view: (view: readonly [number, number]) => void
  readonly scroll: (by: number) => void
}

type Press = { readonly kind: 'scrub' | 'overview' | 'pan'; readonly x: number; readonly y: number; last: number; moved: boolean }

export class Gestures {
  readonly #canvas: HTMLCanvasElement
  readonly #scene: () => Scene | null
  readonly #effects: Effects
  readonly #ending = new AbortController()
  #press: Press | null = null

  constructor(canvas: HTMLCanvasElement, scene: () => Scene | null, effects: Effects) {
    this.#canvas = canvas
    this.#scene = scene
    this.#effects = effects
    const { signal } = this.#ending
    canvas.addEventListener('pointerdown', (event) => this.#down(event), { signal })
    canvas.addEventListener('pointermove', (event) => this.#move(event), { signal })
    canvas.addEventListener('pointerup', (event) => this.#up(event), { signal })
    canvas.addEventListener('pointercancel', () => (this.#press = null), { signal })
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false })
  }

  end(): void {
    this.#ending.abort()
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return
    this.#canvas.setPointerCapture(event.pointerId)
    const y = event.offsetY
    const kind = y < OVERVIEW_HEIGHT ? 'overview' : y < OVERVIEW_HEIGHT + RULER_HEIGHT ? 'scrub' : 'pan'
    this.#press = { kind, x: event.offsetX, y, last: event.offsetX, moved: false }
    if (kind !== 'pan') this.#drag(event.offsetX)
  }

  #move(event: PointerEvent): void {
    const press = this.#press
    if (press === null) return
    if (Math.abs(event.offsetX - press.x) > STILL_PX) press.moved = true
    if (press.moved) this.#drag(event.offsetX)
  }

  #up(event: PointerEvent): void {
    const press = this.#press
    this.#press = null
    if (press?.kind === 'pan' && !press.moved) this.#click(event.offsetX, event.offsetY)
  }

  #drag(x: number): void {
    const scene = this.#scene()
    const press = this.#press
    if (scene === null || press === null) return
    const { scale, limits, opened, clock } = scene
    const span = scale.to - scale.from
    if (press.kind === 'scrub') {
      const at = seqAtValue(scale.axis, valueAt(scale, Math.min(scale.width, Math.max(0, x))), clock, opened)
      this.#effects.go(behind(at, opened))
    } else if (press.kind === 'overview') {
      const middle = valueAt({ ...scale, from: limits[0], to: limits[1] }, x)
      this.#effects.view([middle - span / 2, middle + span / 2])
    } else {
      const by = ((press.last - x) / scale.width) * span
      this.#effects.view([scale.from + by, scale.to + by])
    }
    press.last = x
  }

  #click(x: number, y: number): void {
    const scene = this.#scene()
    if (scene === null) return
    const { rows, tops, scrollTop, scale, clock, opened } = scene
    const inRows = y - HEAD_HEIGHT + scrollTop
    const i = lastUpTo(tops, inRows)
    const shown = y < HEAD_HEIGHT ? undefined : rows[i]
    const at = seqAtValue(scale.axis, valueAt(scale, x), clock, opened)
    if (shown === undefined) return this.#effects.go(behind(at, opened))
    const top = tops[i]! - scrollTop + HEAD_HEIGHT + shown.lead
    const isOnTicks = y >= ticksTop(shown.row, top) - 2 && y < ticksTop(shown.row, top) + TICKS_HEIGHT + 4
    const near = isOnTicks ? nearestTick(shown, scale, x) : null
    const seq = near ?? at
    this.#effects.go({ ...behind(seq, opened), row: shown.row.key })
  }

  #wheel(event: WheelEvent): void {
    const scene = this.#scene()
    if (scene === null) return
    event.preventDefault()
    const { scale } = scene
    const span = scale.to - scale.from
    if (event.ctrlKey || event.metaKey) {
      this.#effects.view(zoomed([scale.from, scale.to], valueAt(scale, event.offsetX), Math.exp(event.deltaY * 0.0025)))
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = ((event.deltaX || event.deltaY) / scale.width) * span
      this.#effects.view([scale.from + by, scale.to + by])
    } else this.#effects.scroll(event.deltaY)
  }
}

/** Where one stands behind an event, which is selected; at the start there is none. */
const behind = (at: number, { firstSeq }: Pick<Opened, 'firstSeq'>): Partial<Link> => ({
  at,
  selected: at >= firstSeq ? at : null,
  rule: null,
})

/** The event of a row that a click means; null when none is near. */
function nearestTick({ row, bins }: ShownRow, scale: Scale, x: number): number | null {
  let [best, distance]: [number | null, number] = [null, NEAR_PX]
  for (const bin of row.bins) {
    const away = Math.abs(xOf(scale, bins.placeOf(scale.axis, bin)) - x)
    if (away < distance) [best, distance] = [bins.seqOf(bin), away]
  }
  return best
}
