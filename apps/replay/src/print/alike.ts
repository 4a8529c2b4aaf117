/** Reports that say the same of one page after another: told once, with the pages. */
import { hex } from '@devtrail/events'
import { number } from '@devtrail/survey'

/** Runs of pages named at most. */
export const RUNS_SHOWN_MAX = 4

/** A page that a summary names alone, not as an end of a range. */
const PAGE = /\b(page|pfn) (0x[0-9a-f]+)\b(?!\.\.)/g

const pageOf = (summary: string): bigint | null => {
  const [first] = summary.matchAll(PAGE)
  return first === undefined ? null : BigInt(first[2]!)
}

/** Those that differ in nothing but the page that their summary names, in the order of the first of each. */
export function alike<T extends { readonly seq: number; readonly summary: string }>(
  items: readonly T[],
  keyOf: (item: T) => string,
): T[][] {
  const keys = items.map((item) => {
    const { seq, summary } = item
    return `${keyOf(item)} ${pageOf(summary) === null ? `${seq} ${summary}` : summary.replaceAll(PAGE, '$1 …')}`
  })
  return [...Map.groupBy(items.entries(), ([i]) => keys[i]!).values()].map((of) => of.map(([, item]) => item))
}

/** `0x109300..0x10930f, 0x109400`, of pages in any order. */
function runsText(pages: readonly bigint[]): string {
  const runs: { readonly first: bigint; last: bigint }[] = []
  for (const page of [...new Set(pages)].toSorted((a, b) => (a < b ? -1 : 1))) {
    const open = runs.at(-1)
    if (open !== undefined && open.last + 1n === page) open.last = page
    else runs.push({ first: page, last: page })
  }
  const shown = runs.slice(0, RUNS_SHOWN_MAX).map(({ first, last }) => (first === last ? hex(first) : `${hex(first)}..${hex(last)}`))
  const rest = runs.length - RUNS_SHOWN_MAX
  return `${shown.join(', ')}${rest > 0 ? ` and ${number(rest)} more runs` : ''}`
}

/** `and 15 more like it, of pages 0x109301..0x10930f (events 331–359)`; nothing when there are none. */
export function moreLikeIt(more: readonly { readonly seq: number; readonly summary: string }[]): string {
  if (more.length === 0) return ''
  const pages = more.flatMap(({ summary }) => pageOf(summary) ?? [])
  const [low, high] = more.reduce(([a, b], { seq }) => [Math.min(a, seq), Math.max(b, seq)], [Infinity, 0])
  return `and ${number(more.length)} more like it, of ${pages.length === 1 ? 'page' : 'pages'} ${runsText(pages)} (${low === high ? `event ${low}` : `events ${low}–${high}`})`
}
