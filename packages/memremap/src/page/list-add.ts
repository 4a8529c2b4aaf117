import { hex, type Emitter, type Pfn, type Pointer } from '@devtrail/events'
import type { MemremapPayload } from '../events.ts'
import type { PageRules } from '../rules.ts'
import { pfnToPage } from './page-address.ts'
import { isForcePoisoned, type PageWords } from './page-words.ts'
import type { PageOwner, StructPages } from './struct-pages.ts'

/** A list, by the address of its head. */
export interface ListHead {
  readonly pointer: Pointer
  next: Pointer
}

/** A `struct list_head` that is to be linked, with what its words hold. */
export interface ListEntry {
  readonly pointer: Pointer
  words: PageWords
}

/** The lists of a machine, as far as they meet device pages (include/linux/list.h, lib/list_debug.c). */
export class Lists<P extends PageOwner> {
  readonly #emitter: Emitter
  readonly #rules: PageRules
  readonly #pages: StructPages<P>

  constructor(emitter: Emitter, rules: PageRules, pages: StructPages<P>) {
    this.#emitter = emitter
    this.#rules = rules
    this.#pages = pages
  }

  /** `list_add` with CONFIG_DEBUG_LIST: links the entry, warned or not. Returns whether it warned. */
  add(entry: ListEntry, head: ListHead): boolean {
    return this.#link(entry, head, null)
  }

  /** `list_add(&page->lru, head)`: of a device page it destroys the pagemap pointer. @throws RangeError where there is none. */
  addPage(pfn: Pfn, head: ListHead): boolean {
    const words = this.#pages.words(pfn)
    if (words === null) throw new RangeError(`page ${hex(pfn)} is no device page (after event ${this.#emitter.seq})`)
    const entry: ListEntry = { pointer: hex(BigInt(pfnToPage(pfn)) + BigInt(this.#rules.lruOffset)), words }
    const warned = this.#link(entry, head, pfn)
    this.#pages.overwrite(pfn, entry.words)
    return warned
  }

  #link(entry: ListEntry, head: ListHead, pfn: Pfn | null): boolean {
    const warned = this.#rules.listsCheckPoison && isForcePoisoned(entry.words)
    const pagemap = pfn === null ? null : (this.#pages.at(pfn)?.pagemap.id ?? null)
    if (this.#emitter.on)
      this.#emitter.emit<MemremapPayload>('memremap/list-added', { entry: entry.pointer, pfn, pagemap, ...entry.words, warned })
    entry.words = { word0: head.next, word1: head.pointer }
    head.next = entry.pointer
    return warned
  }
}
