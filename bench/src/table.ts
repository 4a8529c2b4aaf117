/** Figures, for people. */
import type { Bench, Figure } from './bench.ts'

/** Three digits, as far as there are that many; thousands apart. */
function digits(n: number): string {
  if (n >= 100) return String(Math.round(n)).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
  return n.toFixed(n >= 10 ? 1 : 2)
}

export function isMet({ ratio, goal }: Figure): boolean {
  return goal === undefined || ratio >= goal
}

const times = (ratio: number): string => (ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2))

function goalOf({ goal, goalText }: Figure): string {
  return goalText ?? (goal === undefined ? '-' : String(goal))
}

/** Rows with columns as wide as their widest cell. */
function aligned(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const widths = right.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)))
  return rows.map((row) =>
    row
      .map((cell, c) => (right[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
      .join('  ')
      .trimEnd(),
  )
}

/** A bench's figures, a line for each; behind a ratio what the middle half of the rounds' ratios lies between. */
export function tableOf({ name, about }: Pick<Bench, 'name' | 'about'>, figures: readonly Figure[]): string {
  const title = `${name}: ${about}`
  if (figures.length === 0) return `${title}\n  nothing was measured\n`
  const head = ['', 'ours', 'peer', '', 'ratio', 'half of them', 'goal', '']
  const rows = figures.map((figure) => [
    `  ${figure.name.slice(name.length + 1)}`,
    digits(figure.ours),
    digits(figure.peer),
    figure.unit,
    times(figure.ratio),
    figure.ratioLow === undefined ? '' : `${times(figure.ratioLow)}-${times(figure.ratioHigh!)}`,
    goalOf(figure),
    figure.goal === undefined ? '' : isMet(figure) ? 'met' : 'missed',
  ])
  const lines = aligned([head, ...rows], [false, true, true, false, true, false, false, false])
  const noted = lines.flatMap((line, i) => {
    const note = figures[i - 1]?.note
    return note === undefined ? [line] : [line, `    ${note}`]
  })
  return `${[title, ...noted].join('\n')}\n`
}

/** Which goals are met, in a line; empty where there are none. */
export function summaryOf(figures: readonly Figure[]): string {
  const goals = figures.filter(({ goal }) => goal !== undefined)
  if (goals.length === 0) return ''
  const missed = goals.filter((figure) => !isMet(figure))
  const names = missed.map((figure) => `${figure.name} (${times(figure.ratio)} of ${times(figure.goal!)})`)
  const met = `${goals.length - missed.length} of ${goals.length} ${goals.length === 1 ? 'goal' : 'goals'} met`
  return `${met}${missed.length === 0 ? '' : `; missed: ${names.join(', ')}`}\n`
}
