import type { Look, Tone } from '@devtrail/survey'
import { lookWords } from './look-words.ts'
import type { Theme } from './theme.ts'

/** The look of each tone besides its colour: nothing is told by colour alone. */
type Hatch = 'solid' | 'tinted' | 'rising' | 'falling' | 'hollow' | 'dots' | 'crossed'

const HATCHES: { readonly [T in Tone]: Hatch } = {
  on: 'solid',
  coming: 'rising',
  going: 'falling',
  off: 'hollow',
  held: 'dots',
  unknown: 'crossed',
}

/** A solid band would hide the dashed edge of what is not sure. */
const hatchOf = (tone: Tone, sure: boolean): Hatch => (HATCHES[tone] === 'solid' && !sure ? 'tinted' : HATCHES[tone])

const TILE = 8

function tile(hatch: Hatch, colour: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = TILE
  canvas.height = TILE
  const g = canvas.getContext('2d')!
  g.globalAlpha = hatch === 'crossed' ? 0.1 : 0.28
  g.fillStyle = colour
  g.fillRect(0, 0, TILE, TILE)
  g.globalAlpha = hatch === 'crossed' ? 0.55 : 1
  g.strokeStyle = colour
  g.fillStyle = colour
  g.lineWidth = hatch === 'crossed' ? 0.8 : 1.6
  const line = (x1: number, y1: number, x2: number, y2: number): void => {
    g.beginPath()
    g.moveTo(x1, y1)
    g.lineTo(x2, y2)
    g.stroke()
  }
  if (hatch === 'rising' || hatch === 'crossed') for (const d of [-TILE, 0, TILE]) line(d, TILE, d + TILE, 0)
  if (hatch === 'falling' || hatch === 'crossed') for (const d of [-TILE, 0, TILE]) line(d, 0, d + TILE, TILE)
  if (hatch === 'dots') {
    for (const [x, y] of [
      [2, 2],
      [6, 6],
    ] as const) {
      g.beginPath()
      g.arc(x, y, 1.5, 0, 2 * Math.PI)
      g.fill()
    }
  }
  return canvas
}

/** Bands, with their patterns made once for a theme. */
export class BandPainter {
  readonly #g: CanvasRenderingContext2D
  readonly #theme: Theme
  readonly #patterns = new Map<Tone, CanvasPattern | string>()

  constructor(g: CanvasRenderingContext2D, theme: Theme) {
    this.#g = g
    this.#theme = theme
  }

  #fill(tone: Tone, hatch: Hatch): CanvasPattern | string | null {
    const colour = this.#theme.tones[tone]
    if (hatch === 'hollow') return null
    if (hatch === 'solid') return colour
    let pattern = this.#patterns.get(tone)
    if (pattern === undefined) this.#patterns.set(tone, (pattern = this.#g.createPattern(tile(hatch, colour), 'repeat') ?? colour))
    return pattern
  }

  paint(look: Look, x: number, y: number, width: number, height: number): void {
    const { tone, sure } = look
    const g = this.#g
    const theme = this.#theme
    const hatch = hatchOf(tone, sure)
    const fill = this.#fill(tone, hatch)
    if (fill !== null) {
      g.fillStyle = fill
      g.fillRect(x, y, Math.max(width, 1), height)
    }
    if (width < 3) return
    g.strokeStyle = theme.tones[tone]
    g.lineWidth = 1
    g.setLineDash(sure ? [] : [4, 3])
    g.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1)
    g.setLineDash([])
    this.#text(lookWords(look), hatch, x, y, width, height)
  }

  #text(text: string, hatch: Hatch, x: number, y: number, width: number, height: number): void {
    const left = Math.max(x, 0)
    const room = Math.min(x + width, this.#g.canvas.width / devicePixelRatio) - left - 12
    if (room < 22) return
    const g = this.#g
    g.font = this.#theme.font
    const shown = shortened(g, text, room)
    if (shown === '') return
    const isSolid = hatch === 'solid'
    if (!isSolid && hatch !== 'hollow') {
      // Words stand on plain ground, not on a pattern.
      g.fillStyle = this.#theme.ground
      g.globalAlpha = 0.82
      g.fillRect(left + 3, y + 2, g.measureText(shown).width + 6, height - 4)
      g.globalAlpha = 1
    }
    g.fillStyle = isSolid ? this.#theme.onTone : this.#theme.ink
    g.textBaseline = 'middle'
    g.fillText(shown, left + 6, y + height / 2 + 0.5)
  }
}

const widths = new Map<string, number>()

/** A text that fits, its end left out where it does not. */
export function shortened(g: CanvasRenderingContext2D, text: string, room: number): string {
  const width = widthOf(g, text)
  if (width <= room) return text
  // Letters differ in width: the first guess may still be too long.
  for (let chars = Math.floor((room / width) * text.length) - 1; chars >= 3; chars--) {
    const shorter = `${text.slice(0, chars)}…`
    if (widthOf(g, shorter) <= room) return shorter
  }
  return ''
}

function widthOf(g: CanvasRenderingContext2D, text: string): number {
  let width = widths.get(text)
  if (width === undefined) {
    if (widths.size > 5000) widths.clear()
    widths.set(text, (width = g.measureText(text).width))
  }
  return width
}
