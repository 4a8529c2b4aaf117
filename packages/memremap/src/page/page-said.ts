/** What is said of pages and the references to them. */
import type { Emitter, PagemapId, Pfn } from '@devtrail/events'
import type { MemremapPayload, putHow } from '../events.ts'
import type { DevicePages } from './device-pages.ts'
import { pfnToPage } from './page-address.ts'
import type { PageOwner, StructPages } from './struct-pages.ts'

export type PutHow = (typeof putHow)[number]
export type ReferenceKind = 'get' | 'pin'

/** Whose pages are spoken of. */
export interface SaidOwner extends PageOwner {
  readonly device: number | null
}

/** `pages`: those of the range of a pagemap that a page is of; null for a page of ordinary memory, which is in `ordinary`, and where there is none. */
export class PageSaid<P extends SaidOwner> {
  readonly #emitter: Emitter
  readonly #pages: StructPages<P>
  readonly #ordinary: ReadonlyMap<Pfn, number>

  constructor(emitter: Emitter, pages: StructPages<P>, ordinary: ReadonlyMap<Pfn, number>) {
    this.#emitter = emitter
    this.#pages = pages
    this.#ordinary = ordinary
  }

  /** What `page.pgmap` holds. */
  word(pfn: Pfn): string | null {
    return this.#pages.words(pfn)?.word0 ?? null
  }

  grabStarted(pages: DevicePages<P> | null, pfn: Pfn, refcount: number, flags: number, refs: number): void {
    const known = pages !== null || this.#ordinary.has(pfn)
    this.say(
      'memremap/grab-started',
      {
        pfn,
        page: pfnToPage(pfn),
        pagemap: pages?.pagemap.id ?? null,
        word: this.word(pfn),
        refcount: known ? refcount : null,
        refs,
        flags,
        folio: false,
      },
      pages,
    )
  }

  grabbed(pages: DevicePages<P> | null, pfn: Pfn, kind: ReferenceKind, refs: number, aboveBefore: number): void {
    const head = pages?.headOf(pfn) ?? pfn
    const before = aboveBefore + (pages?.idleCount(head) ?? 0)
    const pagemap: PagemapId | null = pages?.pagemap.id ?? null
    this.say('memremap/grabbed', { pfn, pagemap, before, head: head === pfn ? null : head, refs, kind, result: null }, pages)
  }

  put(pages: DevicePages<P> | null, pfn: Pfn, count: number, kind: ReferenceKind, how: PutHow, before: number): number {
    const head = pages?.headOf(pfn) ?? pfn
    const there = pages !== null || this.#ordinary.has(pfn)
    return this.say(
      'memremap/put',
      {
        pfn,
        pages: count,
        pagemap: pages?.pagemap.id ?? null,
        page: pfnToPage(pfn),
        head: head === pfn ? null : head,
        word: this.word(pfn),
        before: there ? before : null,
        refs: 1,
        kind,
        how,
      },
      pages,
    )
  }

  say<T extends MemremapPayload['type']>(
    type: T,
    data: Extract<MemremapPayload, { type: T }>['data'],
    about: { readonly pagemap: P } | null,
  ): number {
    return this.#emitter.emit<MemremapPayload>(type, data, { device: about?.pagemap.device ?? null })
  }

  putBeyondLast(pages: DevicePages<P>, pfn: Pfn, count: number): void {
    this.say('memremap/put-beyond-last', { pfn, pagemap: pages.pagemap.id, count }, pages)
  }
}
