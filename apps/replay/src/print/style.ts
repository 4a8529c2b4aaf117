import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** How a stream is written to: with colours or without, and how wide it is. */
export interface Style {
  readonly colour: boolean
  /** Columns that prose and tables may fill. */
  readonly width: number
  /** Columns at which lines that are not prose are cut: the width of a terminal; elsewhere none, pipes want all of it. */
  readonly cut: number
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  /** Device names. */
  readonly name: (text: string) => string
  /** Times and sequence numbers. */
  readonly when: (text: string) => string
}

/** What of a stream decides about colour; `process.stdout` fits. */
export interface Terminal {
  readonly isTTY?: boolean
  readonly columns?: number
}

export const WIDTH_DEFAULT = 100
const WIDTH_MIN = 60
const WIDTH_MAX = 120

/** Colour only on a terminal, and not when NO_COLOR (https://no-color.org), TERM=dumb or the user forbids it. */
export function wantsColour(terminal: Terminal, env: NodeJS.ProcessEnv, allowed = true): boolean {
  if (!allowed || (env['NO_COLOR'] ?? '') !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '0' && forced !== 'false') return true
  return terminal.isTTY === true && env['TERM'] !== 'dumb'
}

export function styleOf(terminal: Terminal, env: NodeJS.ProcessEnv, allowed = true): Style {
  const colour = wantsColour(terminal, env, allowed)
  const painted = (format: Format) => (text: string) => (colour && text !== '' ? styleText(format, text, { validateStream: false }) : text)
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, (terminal.isTTY && terminal.columns) || WIDTH_DEFAULT))
  return {
    colour,
    width,
    cut: terminal.isTTY === true ? width : Infinity,
    bold: painted('bold'),
    dim: painted('dim'),
    good: painted('green'),
    bad: painted(['bold', 'red']),
    warn: painted('yellow'),
    name: painted('cyan'),
    when: painted('blue'),
  }
}
