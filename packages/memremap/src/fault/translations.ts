/** What page tables map, as far as events tell. */
import type { Pfn } from '@devtrail/events'

/** Pages that one entry of a page middle directory maps. */
export const PMD_PAGES = 512

export interface Translation {
  pfn: Pfn
  /** 1, or 512 of one entry. */
  pages: number
  writable: boolean
  /** The event that made it. */
  seq: number
}

/** The page tables of one process. */
export interface Translations {
  /** By virtual page number of their first page. */
  entries: Map<number, Translation>
  /** No page is mapped that has no entry here. */
  complete: boolean
}

/** The entry that maps a page, of one page or of 512. */
export function translationAt(space: Translations, page: number): Translation | null {
  const own = space.entries.get(page)
  if (own !== undefined) return own
  const huge = space.entries.get(page - (page % PMD_PAGES))
  return huge !== undefined && huge.pages > 1 ? huge : null
}
