import type { MemremapEvent } from '../events.ts'
import type { MemremapState } from '../memremap-state.ts'
import { PMD_PAGES, type Translations } from './translations.ts'

const PAGE_SHIFT = 12n

function translationsOf(state: MemremapState, mm: number): Translations {
  let space = state.spaces.get(mm)
  if (space === undefined) state.spaces.set(mm, (space = { entries: new Map(), complete: !state.spacesDoubted }))
  return space
}

/** After a gap: entries may have gone, and others come. */
export function forgetTranslations(state: MemremapState): void {
  state.spaces.clear()
  state.spacesDoubted = true
}

const pageOf = (address: bigint): number => Number(address >> PAGE_SHIFT)

export function evolveTranslations(state: MemremapState, event: MemremapEvent): void {
  switch (event.type) {
    case 'memremap/fault-ended': {
      const { mm, address, pfn, pages, writable } = event.data
      if (pfn === null) return
      const { entries } = translationsOf(state, mm)
      const page = pageOf(address)
      if (pages === 1 && entries.get(page - (page % PMD_PAGES))?.pages === PMD_PAGES) entries.delete(page - (page % PMD_PAGES))
      entries.set(page, { pfn, pages, writable, seq: event.seq })
      return
    }
    case 'memremap/page-mapped': {
      const { mm, address, pfn, writable } = event.data
      translationsOf(state, mm).entries.set(pageOf(address), { pfn, pages: 1, writable, seq: event.seq })
      return
    }
    case 'memremap/zapped': {
      const { mm, address, pages } = event.data
      const { entries } = translationsOf(state, mm)
      const first = pageOf(address)
      for (const page of entries.keys()) if (page >= first && page < first + pages) entries.delete(page)
      return
    }
    default:
      return
  }
}
