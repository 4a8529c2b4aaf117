/**
 * From a pfn to what covers it, in constant time however many ranges there are: two levels of a table by section, as the
 * kernel's own `mem_section`. A section that one range covers whole is answered by its entry, and so are all of a table; one
 * that is covered in parts holds its few pieces (`SectionPieces`). Ranges that are set overwrite what they cover; clearing clears whatever is there.
 */
import type { Pfn } from '@devtrail/events'
import { SectionPieces } from './section-pieces.ts'

/** Pages of a section: 128 MiB (SECTION_SIZE_BITS 27). */
export const SECTION_PAGES = 32768
/** Sections of a second-level table: 64 GiB. */
const TABLE_SECTIONS = 512
const TABLE_PAGES = SECTION_PAGES * TABLE_SECTIONS
const SECTION_SHIFT = 15
const TABLE_SHIFT = 24
/** Physical addresses have 52 bits. */
export const PFN_LIMIT = 2 ** 40

interface Table<T extends object> {
  readonly whole: (T | null)[]
  /** Empty until one is covered in parts. */
  parts: (SectionPieces<T> | null)[]
  /** How many sections are covered in parts. */
  partly: number
}

export class PfnMap<T extends object> {
  readonly #tables: (Table<T> | null)[] = []
  /** What covers all that a table would be of, where there is none. */
  readonly #wide: (T | null)[] = []

  get(pfn: Pfn): T | null {
    // Below 8 TiB shifts do; they are cheaper than divisions.
    const small = (pfn | 0) === pfn && pfn >= 0
    if (!small && !(pfn >= 0 && pfn < PFN_LIMIT && Number.isInteger(pfn))) return null
    const of = small ? pfn >> TABLE_SHIFT : (pfn / TABLE_PAGES) | 0
    const table = this.#tables[of]
    if (table === undefined || table === null) return this.#wide[of] ?? null
    const at = (small ? pfn >> SECTION_SHIFT : (pfn / SECTION_PAGES) | 0) & (TABLE_SECTIONS - 1)
    return table.whole[at] ?? (table.partly === 0 ? null : (table.parts[at]?.get(pfn) ?? null))
  }

  /** Covers a range, ends inclusive. @throws RangeError unless its pfns are whole numbers from 0 to 2^40 - 1. */
  set(first: Pfn, last: Pfn, value: T): void {
    this.#cut(first, last, value)
  }

  /** Uncovers a range, whatever covered it. @throws RangeError as {@link set}. */
  clear(first: Pfn, last: Pfn): void {
    this.#cut(first, last, null)
  }

  /** Cuts a range into what it has of each table. */
  #cut(first: Pfn, last: Pfn, value: T | null): void {
    if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || last >= PFN_LIMIT || first > last)
      throw new RangeError(`a range of pages is from 0 to 2^40 - 1, found ${first} to ${last}`)
    for (let from = first; from <= last;) {
      const at = Math.floor(from / TABLE_PAGES)
      const base = at * TABLE_PAGES
      const to = Math.min(last, base + TABLE_PAGES - 1)
      if (to + 1 - from === TABLE_PAGES) this.#coverAll(at, value)
      else change(this.#table(at), base, from, to, value)
      from = to + 1
    }
  }

  #coverAll(at: number, value: T | null): void {
    this.#reach(at)
    this.#tables[at] = null
    this.#wide[at] = value
  }

  #table(at: number): Table<T> {
    this.#reach(at)
    const whole = this.#wide[at] ?? null
    this.#wide[at] = null
    return (this.#tables[at] ??= { whole: Array<T | null>(TABLE_SECTIONS).fill(whole), parts: [], partly: 0 })
  }

  #reach(at: number): void {
    while (this.#tables.length <= at) {
      this.#tables.push(null)
      this.#wide.push(null)
    }
  }
}

const nulls = (): null[] => Array<null>(TABLE_SECTIONS).fill(null)

/** What a range of a table that begins at `base` is covered by from now on; null: by nothing. */
function change<T extends object>(table: Table<T>, base: Pfn, from: Pfn, to: Pfn, value: T | null): void {
  const firstWhole = Math.ceil((from - base) / SECTION_PAGES)
  const endWhole = Math.floor((to + 1 - base) / SECTION_PAGES)
  if (firstWhole > endWhole) return changePart(table, base, from, to, value)
  const wholeFrom = base + firstWhole * SECTION_PAGES
  const wholeEnd = base + endWhole * SECTION_PAGES
  if (from < wholeFrom) changePart(table, base, from, wholeFrom - 1, value)
  for (let at = firstWhole; table.partly > 0 && at < endWhole; at++) dropParts(table, at)
  table.whole.fill(value, firstWhole, endWhole)
  if (to >= wholeEnd) changePart(table, base, wholeEnd, to, value)
}

/** The same of a part of one section. */
function changePart<T extends object>(table: Table<T>, base: Pfn, from: Pfn, to: Pfn, value: T | null): void {
  const at = Math.floor((from - base) / SECTION_PAGES)
  const whole = table.whole[at] ?? null
  const there = table.parts[at] ?? null
  if (value === null && whole === null && there === null) return
  const parts = there ?? new SectionPieces<T>()
  const first = base + at * SECTION_PAGES
  if (there === null) {
    if (table.parts.length === 0) table.parts = nulls()
    table.parts[at] = parts
    table.partly++
    // What covered it whole becomes one piece.
    if (whole !== null) parts.set(first, first + SECTION_PAGES - 1, whole)
    table.whole[at] = null
  }
  if (value === null) parts.clear(from, to)
  else parts.set(from, to, value)
  if (parts.size === 0) dropParts(table, at)
}

function dropParts<T extends object>(table: Table<T>, at: number): void {
  if ((table.parts[at] ?? null) === null) return
  table.parts[at] = null
  table.partly--
}
