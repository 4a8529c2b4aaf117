/** A terminal's output as a picture (SVG): what was printed, with its colours. */

const FONT_SIZE = 14
const COLUMN = 8.4
const LINE = 20
const MARGIN = 16

const FOREGROUND = '#d7dae0'
const BACKGROUND = '#16181d'
const COLOURS: ReadonlyMap<number, string> = new Map([
  [31, '#ff6b68'],
  [32, '#8cc265'],
  [33, '#e5c07b'],
  [34, '#6cb2f7'],
  [36, '#56c5d0'],
])

interface Look {
  readonly colour: string
  readonly isBold: boolean
  readonly isDim: boolean
}

const PLAIN: Look = { colour: FOREGROUND, isBold: false, isDim: false }

/** What `ESC [ CODE m` makes of a look. @throws Error for a code that nothing here prints. */
function after(look: Look, code: number): Look {
  if (code === 0) return PLAIN
  if (code === 1) return { ...look, isBold: true }
  if (code === 2) return { ...look, isDim: true }
  if (code === 22) return { ...look, isBold: false, isDim: false }
  if (code === 39) return { ...look, colour: FOREGROUND }
  const colour = COLOURS.get(code)
  if (colour === undefined) throw new Error(`the terminal was asked for the look ${code}, which no picture has`)
  return { ...look, colour }
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Blanks collapse in a picture, so text stands without those around it, and those within do not break. */
function span(text: string, column: number, { colour, isBold, isDim }: Look): string {
  const shown = text.trim()
  if (shown === '') return ''
  const from = column + text.indexOf(shown)
  const look = `${colour === FOREGROUND ? '' : ` fill="${colour}"`}${isBold ? ' font-weight="bold"' : ''}${isDim ? ' opacity="0.6"' : ''}`
  const place = `x="${(MARGIN + from * COLUMN).toFixed(1)}" textLength="${(shown.length * COLUMN).toFixed(1)}"`
  return `<tspan ${place}${look}>${escaped(shown).replaceAll(' ', '\u00A0')}</tspan>`
}

/** Lines cut at a width, as a terminal of that width shows them when they are not wrapped. */
export function pictureOf(output: string, columns: number): string {
  const lines = output.replace(/\n$/, '').split('\n')
  let look = PLAIN
  const drawn = lines.map((line, row) => {
    let column = 0
    let spans = ''
    // oxlint-disable-next-line no-control-regex -- the codes of a terminal begin with one
    for (const [, code, text] of line.matchAll(/\u001b\[(\d+)m|([^\u001b]+)/g)) {
      if (code !== undefined) look = after(look, Number(code))
      else {
        const room = columns - column
        const shown = text!.length > room ? `${text!.slice(0, Math.max(0, room - 1))}${room > 0 ? '…' : ''}` : text!
        spans += span(shown, column, look)
        column += shown.length
      }
    }
    return spans === '' ? '' : `<text y="${MARGIN + LINE * row + FONT_SIZE}">${spans}</text>\n`
  })
  const [width, height] = [Math.ceil(2 * MARGIN + columns * COLUMN), 2 * MARGIN + LINE * lines.length]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" fill="${FOREGROUND}">
${drawn.join('')}</g>
</svg>
`
}
