import { padEnd, padStart, widthOf } from './text.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Rows under titles, each column as wide as its widest cell; the last one is not padded. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  titleStyle: (text: string) => string = (t) => t,
): string {
  const widths = columns.map((c, i) => Math.max(widthOf(c.title), ...rows.map((r) => widthOf(r[i] ?? ''))))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        if (columns[i]!.align === 'right') return padStart(cell, widths[i]!)
        return i === cells.length - 1 ? cell : padEnd(cell, widths[i]!)
      })
      .join('  ')
      .trimEnd()
  const head = columns.some((c) => c.title !== '') ? [titleStyle(line(columns.map((c) => c.title)))] : []
  return [...head, ...rows.map(line)].map((l) => `${l}\n`).join('')
}

/** `name   value` lines. */
export function facts(pairs: readonly (readonly [string, string])[], nameStyle: (text: string) => string = (t) => t): string {
  const width = Math.max(...pairs.map(([name]) => widthOf(name)))
  return pairs
    .map(([name, value]) => `${nameStyle(padEnd(name, width))}  ${value.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}\n`)
    .join('')
}
