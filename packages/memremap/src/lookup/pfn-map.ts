/**
 * From a pfn to what covers it, in constant time however many ranges there are: two levels of a table by section, as the
 * kernel's own `mem_section`. A section that one range covers whole is answered by its entry; one that is covered in parts
 * holds its few pieces (`SectionPieces`). Ranges that are set overwrite what they cover; clearing clears whatever is there.
 */
import type { Pfn } from '@devtrail/events'
import { SectionPieces } from './section-pieces.ts'

/** Pages of a section: 128 MiB (SECTION_SIZE_BITS 27). */
export const SECTION_PAGES = 32768
/** Sections of a second-level table: 64 GiB. */
const TABLE_SECTIONS = 512
const TABLE_PAGES = SECTION_PAGES * TABLE_SECTIONS
/** Physical addresses have 52 bits. */
export const PFN_LIMIT = 2 ** 40

interface Table<T extends object> {
  readonly whole: (T | null)[]
  readonly parts: (SectionPieces<T> | null)[]
  /** How many sections are covered in parts. */
  partly: number
}

export class PfnMap<T extends object> {
  readonly #tables: (Table<T> | null)[] = []

  get(pfn: Pfn): T | null {
    if (!(pfn >= 0 && pfn < PFN_LIMIT)) return null
    const table = this.#tables[(pfn / TABLE_PAGES) | 0]
    if (table === undefined || table === null) return null
    const at = ((pfn / SECTION_PAGES) | 0) & (TABLE_SECTIONS - 1)
    return table.whole[at] ?? (table.partly === 0 ? null : (table.parts[at]?.get(pfn) ?? null))
  }

  /** Covers a range, ends inclusive. @throws RangeError unless its pfns are whole numbers from 0 to 2^40 - 1. */
  set(first: Pfn, last: Pfn, value: T): void {
    this.#each(first, last, (table, at, from, to) => {
      if (to - from === SECTION_PAGES - 1) {
        dropParts(table, at)
        table.whole[at] = value
      } else partsOf(table, at, from).set(from, to, value)
    })
  }

  /** Uncovers a range, whatever covered it. @throws RangeError as {@link set}. */
  clear(first: Pfn, last: Pfn): void {
    this.#each(first, last, (table, at, from, to) => {
      if (to - from === SECTION_PAGES - 1) {
        dropParts(table, at)
        table.whole[at] = null
      } else if (table.whole[at] !== null || table.parts[at] !== null) {
        const parts = partsOf(table, at, from)
        parts.clear(from, to)
        if (parts.size === 0) dropParts(table, at)
      }
    })
  }

  /** Calls `change` for each section that a range touches, with the range's part of it. */
  #each(first: Pfn, last: Pfn, change: (table: Table<T>, at: number, from: Pfn, to: Pfn) => void): void {
    if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || last >= PFN_LIMIT || first > last)
      throw new RangeError(`a range of pages is from 0 to 2^40 - 1, found ${first} to ${last}`)
    for (let from = first; from <= last;) {
      const section = Math.floor(from / SECTION_PAGES)
      const to = Math.min(last, (section + 1) * SECTION_PAGES - 1)
      change(this.#table(Math.floor(section / TABLE_SECTIONS)), section % TABLE_SECTIONS, from, to)
      from = to + 1
    }
  }

  #table(at: number): Table<T> {
    while (this.#tables.length <= at) this.#tables.push(null)
    return (this.#tables[at] ??= {
      whole: Array.from({ length: TABLE_SECTIONS }, () => null),
      parts: Array.from({ length: TABLE_SECTIONS }, () => null),
      partly: 0,
    })
  }
}

function dropParts<T extends object>(table: Table<T>, at: number): void {
  if (table.parts[at] === null) return
  table.parts[at] = null
  table.partly--
}

/** The pieces of a section; what covered it whole becomes one. */
function partsOf<T extends object>(table: Table<T>, at: number, pfn: Pfn): SectionPieces<T> {
  const there = table.parts[at]
  if (there !== null && there !== undefined) return there
  const parts = (table.parts[at] = new SectionPieces<T>())
  table.partly++
  const whole = table.whole[at]
  if (whole !== null && whole !== undefined) {
    const first = Math.floor(pfn / SECTION_PAGES) * SECTION_PAGES
    parts.set(first, first + SECTION_PAGES - 1, whole)
    table.whole[at] = null
  }
  return parts
}
