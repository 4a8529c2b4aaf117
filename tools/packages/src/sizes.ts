/** How large each package is, as a table that stands in the documentation: checked, with some room, and made anew when asked. */
import type { Published } from '@devtrail/workspace'

export interface Size {
  readonly name: string
  readonly packedBytes: number
  readonly unpackedBytes: number
  /** Of its main entry point, minified and gzipped; null for a package that cannot be imported. */
  readonly bundledBytes: number | null
  /** What installing it brings: packages of the house, and others. */
  readonly house: number
  readonly others: readonly string[]
}

/** The share by which a figure may be off before the table counts as stale. */
const ROOM = 0.1
const KB = 1000

const rounded = (bytes: number): string => {
  const kb = bytes / KB
  return kb < 10 ? kb.toFixed(1) : Number(kb.toPrecision(2)).toFixed(0)
}

const cellsOf = ({ name, packedBytes, unpackedBytes, bundledBytes, house, others }: Size): string[] => [
  `\`${name}\``,
  bundledBytes === null ? '–' : `${rounded(bundledBytes)} kB`,
  `${rounded(packedBytes)} kB`,
  `${rounded(unpackedBytes)} kB`,
  String(house),
  others.length === 0 ? 'none' : others.map((other) => `\`${other}\``).join(', '),
]

const TITLES = ['package', 'in a bundle', 'to download', 'on disk', 'others of devtrail', 'from elsewhere']

export const tableOf = (sizes: readonly Size[]): string =>
  [TITLES, TITLES.map(() => '---'), ...sizes.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |\n`).join('')

const isClose = (told: string, found: string): boolean => {
  const [a, b] = [told, found].map((cell) => Number(/^([\d.]+) kB$/.exec(cell)?.[1]))
  return told === found || Math.abs(a! - b!) <= ROOM * b!
}

/** What a table says that is no longer so: `@devtrail/x, to download: 12 kB, is 20 kB`. */
export function staleIn(table: string, sizes: readonly Size[]): string[] {
  const told = new Map(
    table
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
      .map((cells) => [cells[0], cells] as const),
  )
  const stale = sizes.flatMap((size) => {
    const found = cellsOf(size)
    const row = told.get(found[0])
    if (row === undefined) return [`${size.name} is not in it`]
    return found.flatMap((cell, i) => (isClose(row[i] ?? '', cell) ? [] : [`${size.name}, ${TITLES[i]}: ${row[i]}, is ${cell}`]))
  })
  const names = new Set(sizes.map(cellsOf).map(([name]) => name))
  const gone = [...told.keys()].filter((name) => name?.startsWith('`') && !names.has(name))
  return [...stale, ...gone.map((name) => `${name} is not published`)]
}

/** Which of the packages that another one brings are of the house. */
export function shared(brought: ReadonlySet<string>, published: readonly Published[]): Pick<Size, 'house' | 'others'> {
  const own = new Set(published.map(({ manifest }) => manifest.name))
  const all = [...brought].toSorted()
  return { house: all.filter((name) => own.has(name)).length, others: all.filter((name) => !own.has(name)) }
}
