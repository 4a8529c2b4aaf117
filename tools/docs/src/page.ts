/** A page of the site. */
export interface Page {
  /** Its file, without `.md`. */
  readonly name: string
  readonly title: string
  readonly text: string
}

export const rowOf = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

export const tableOf = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map(rowOf).join('\n')
