/** A pagemap's pages as a strip: which are referenced, which hold the memory map (altmap), the rest idle. */
import { hex, rangeOf } from '@devtrail/events'
import { plural, type PagemapView, type PageRefView } from '@devtrail/survey'
import type { JSX } from 'preact'

const PAGE_SHIFT = 12n

interface Part {
  readonly kind: 'altmap' | 'held' | 'perhaps'
  readonly from: number
  readonly pages: number
  readonly title: string
}

function pagesOf(ref: PageRefView, sure: boolean, base: bigint): Part {
  const { lo, hi } = rangeOf(ref.pages)
  const pages = Number.isFinite(hi) ? hi : lo
  const exact = sure && lo === hi
  const title = `${exact ? '' : '? perhaps '}${plural(pages, 'page')} from ${ref.pfn}, referenced${ref.takenBy === null ? '' : ` by ${ref.takenBy.comm} (${ref.takenBy.pid})`}`
  return { kind: exact ? 'held' : 'perhaps', from: Number(BigInt(ref.pfn) - base), pages, title }
}

function partsOf({ altmap, pageRefs }: PagemapView, base: bigint): Part[] {
  const parts: Part[] = []
  if (altmap !== null && altmap !== false) {
    const pages = altmap.reserve + altmap.free
    const from = Number(BigInt(altmap.basePfn) - base)
    const used = altmap.alloc === null ? '? allocated' : `${altmap.alloc} allocated`
    parts.push({
      kind: 'altmap',
      from,
      pages,
      title: `altmap: ${altmap.reserve} reserved, ${used} of ${altmap.free} pages, from ${altmap.basePfn}`,
    })
  }
  parts.push(...pageRefs.known.map((ref) => pagesOf(ref, true, base)))
  parts.push(...(pageRefs.possible ?? []).map((ref) => pagesOf(ref, false, base)))
  return parts
}

/** Parts that are drawn; of more, the rest is said in words. */
const PARTS_MAX = 400

export function PageStrip({ of }: { readonly of: PagemapView }): JSX.Element | null {
  const range = of.ranges?.[0]
  if (range === undefined) return null
  const base = BigInt(range.start) >> PAGE_SHIFT
  const pages = Number((BigInt(range.end) - BigInt(range.start) + 1n) >> PAGE_SHIFT)
  const parts = partsOf(of, base)
  const words =
    parts.length === 0
      ? 'no page known to be referenced'
      : parts
          .slice(0, 8)
          .map(({ title }) => title)
          .join('; ')
  return (
    <figure class="strip">
      <div class="pages" role="img" aria-label={`${plural(pages, 'page')} from ${hex(base)}: ${words}`}>
        {parts.slice(0, PARTS_MAX).map(({ kind, from, pages: many, title }) => (
          <span
            key={`${kind} ${from}`}
            class={kind}
            title={title}
            style={{ left: `${(100 * from) / pages}%`, width: `max(4px, ${(100 * many) / pages}%)` }}
          />
        ))}
      </div>
      <figcaption>
        <span class="key held">referenced</span>
        <span class="key altmap">altmap</span>
        <span class="key idle">{of.pageRefs.complete ? 'idle' : 'idle, as far as known'}</span>
        <small>
          {plural(pages, 'page')}
          {parts.length > PARTS_MAX ? `, ${parts.length - PARTS_MAX} parts not drawn` : ''}
        </small>
      </figcaption>
    </figure>
  )
}
