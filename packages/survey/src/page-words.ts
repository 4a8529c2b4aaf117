/** References on pages, as people read them. */
import { hex } from '@devtrail/events'
import type { PageRefView } from './device-view.ts'
import { count, number, plural } from './units.ts'

/** `16 pages 0x109300..0x10930f`, `page 0x109300`, `≥ 3 pages from 0x109300`. */
export function pagesText({ pfn, pages }: Pick<PageRefView, 'pfn' | 'pages'>): string {
  if (pages === 1) return `page ${pfn}`
  if (typeof pages === 'number') return `${plural(pages, 'page')} ${pfn}..${hex(BigInt(pfn) + BigInt(pages) - 1n)}`
  return `${count(pages)} ${pages.atLeast === 1 && pages.atMost === null ? 'page' : 'pages'} from ${pfn}`
}

/** Holders named at most; of one page there can be hundreds. */
export const HOLDERS_SHOWN_MAX = 6

/** Who holds a page, equal ones folded: `3× FOLL_GET by grep (143), FOLL_PIN by qemu (150)`; empty: nobody is known. `clean`: what becomes of their names. */
export function holdersText(ref: PageRefView, clean: (name: string) => string = (name) => name): string {
  const taker = { pid: ref.takenBy?.pid ?? null, comm: ref.takenBy?.comm ?? null }
  const holders = ref.holders ?? (ref.kind === null ? [] : [{ ...taker, kind: ref.kind, refs: 1 }])
  const alike = Map.groupBy(holders, (h) => `FOLL_${h.kind.toUpperCase()} by ${clean(h.comm ?? '?')} (${h.pid ?? '?'})`)
  const all = [...alike].map(([who, those]) => {
    const refs = those.reduce((sum, h) => sum + h.refs, 0)
    return refs > 1 ? `${number(refs)}× ${who}` : who
  })
  const rest = all.length - HOLDERS_SHOWN_MAX
  return rest > 0 ? `${all.slice(0, HOLDERS_SHOWN_MAX).join(', ')} and ${number(rest)} more` : all.join(', ')
}
