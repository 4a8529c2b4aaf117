/**
 * The page tables of a process, as far as DAX fills them: entries of one page, and of 512 (x86-64, mm/memory.c). An entry says
 * by DEVMAP that its page belongs to a pagemap, by SPECIAL that it is not to be treated as an ordinary page; entries of one page
 * carry both, those of 512 DEVMAP alone.
 */
import type { Emitter, Pfn } from '@devtrail/events'
import type { MemremapPayload } from '../events.ts'
import { pfnTDevmap, pfnTToPfn, type PfnT } from '../page/pfn-t.ts'
import type { DaxFile } from './dax-file.ts'

/** Pages that an entry of the second level maps (PTRS_PER_PTE). */
export const PMD_PAGES = 512

export interface PageEntry {
  readonly pfn: Pfn
  readonly writable: boolean
  readonly devmap: boolean
  readonly special: boolean
  /** Present, and not to be touched for now (NUMA balancing). */
  readonly protnone: boolean
  young: boolean
  dirty: boolean
}

/** `vm_insert_mixed`, `vmf_insert_pfn_pmd`: the entry for a page with flags. */
export function entryOf(value: PfnT, writable: boolean, pmd: boolean): PageEntry {
  const devmap = pfnTDevmap(value)
  return { pfn: pfnTToPfn(value), writable, devmap, special: !devmap || !pmd, protnone: false, young: false, dirty: false }
}

/** `pte_same`, but for what the processor sets by itself. */
export const sameEntry = (a: PageEntry | null, b: PageEntry | null): boolean =>
  a === b ||
  (a !== null && b !== null && a.pfn === b.pfn && a.writable === b.writable && a.devmap === b.devmap && a.protnone === b.protnone)

/** A part of the address space (`vm_area_struct`), by virtual page numbers, ends inclusive. */
export interface Vma {
  readonly space: AddressSpace
  readonly first: number
  readonly last: number
  /** Null: ordinary memory. */
  readonly file: DaxFile | null
  /** The page of the file that its first page shows. */
  readonly pgoff: number
  readonly writable: boolean
}

type Table = { readonly huge: PageEntry } | { readonly huge: null; readonly entries: Map<number, PageEntry> }

/** Virtual page number of an address. @throws RangeError outside the 47 bits of a process. */
export function pageOf(address: bigint): number {
  if (address < 0n || address >= 1n << 47n) throw new RangeError(`an address of a process has 47 bits, found 0x${address.toString(16)}`)
  return Number(address >> 12n)
}

export const addressOf = (page: number): bigint => BigInt(page) << 12n

export class AddressSpace {
  /** Names it in events. */
  readonly pid: number
  readonly #emitter: Emitter
  readonly #tables = new Map<number, Table>()
  readonly #vmas: Vma[] = []

  constructor(emitter: Emitter, pid: number) {
    this.#emitter = emitter
    this.pid = pid
  }

  /** `mmap`. @throws RangeError where something is mapped already. */
  map(area: Omit<Vma, 'space'>): Vma {
    if (area.last < area.first || this.#vmas.some((v) => v.first <= area.last && area.first <= v.last))
      throw new RangeError(`pages ${area.first} to ${area.last} are none, or mapped already`)
    const vma = { ...area, space: this }
    this.#vmas.push(vma)
    area.file?.mapped(vma)
    return vma
  }

  /** `find_vma`, of an address that lies in one. */
  vmaAt(page: number): Vma | null {
    return this.#vmas.find((v) => page >= v.first && page <= v.last) ?? null
  }

  /** `munmap` of a whole area. */
  unmap(vma: Vma): void {
    this.#vmas.splice(this.#vmas.indexOf(vma), 1)
    vma.file?.unmapped(vma)
    this.zap(vma.first, vma.last)
  }

  /** The entry that maps a page, and whether it maps 512. */
  find(page: number): { readonly entry: PageEntry; readonly pmd: boolean } | null {
    const table = this.#tables.get(Math.floor(page / PMD_PAGES))
    if (table === undefined) return null
    if (table.huge !== null) return { entry: table.huge, pmd: true }
    const entry = table.entries.get(page)
    return entry === undefined ? null : { entry, pmd: false }
  }

  setPte(page: number, entry: PageEntry): void {
    const at = Math.floor(page / PMD_PAGES)
    const table = this.#tables.get(at)
    if (table === undefined || table.huge !== null) this.#tables.set(at, { huge: null, entries: new Map([[page, entry]]) })
    else table.entries.set(page, entry)
  }

  /** Maps the 512 pages around one by one entry. False when a table of small pages is there already. */
  setPmd(page: number, entry: PageEntry): boolean {
    const at = Math.floor(page / PMD_PAGES)
    const table = this.#tables.get(at)
    if (table !== undefined && table.huge === null && table.entries.size > 0) return false
    this.#tables.set(at, { huge: entry })
    return true
  }

  /** A page of ordinary memory for a page of the process (`do_anonymous_page`). */
  mapOrdinary(page: number, pfn: Pfn, writable: boolean): void {
    this.setPte(page, { pfn, writable, devmap: false, special: false, protnone: false, young: true, dirty: writable })
    this.#say('memremap/page-mapped', { mm: this.pid, address: addressOf(page), pfn, writable })
  }

  /** `zap_page_range`: entries go; one of 512 pages goes whole. Returns how many went. */
  zap(first: number, last: number): number {
    let entries = 0
    let [from, to] = [first, last]
    for (const [at, table] of this.#tables) {
      const [begin, end] = [at * PMD_PAGES, (at + 1) * PMD_PAGES - 1]
      if (end < first || begin > last) continue
      if (table.huge !== null) {
        this.#tables.delete(at)
        entries++
        from = Math.min(from, begin)
        to = Math.max(to, end)
      } else for (const page of table.entries.keys()) if (page >= first && page <= last && table.entries.delete(page)) entries++
    }
    this.#say('memremap/zapped', { mm: this.pid, address: addressOf(from), pages: to - from + 1, entries })
    return entries
  }

  /** All that is mapped: first page, entry, pages. Ascending. */
  *translations(): Generator<{ readonly page: number; readonly entry: PageEntry; readonly pages: number }> {
    for (const [at, table] of [...this.#tables].toSorted(([a], [b]) => a - b)) {
      if (table.huge !== null) yield { page: at * PMD_PAGES, entry: table.huge, pages: PMD_PAGES }
      else for (const [page, entry] of [...table.entries].toSorted(([a], [b]) => a - b)) yield { page, entry, pages: 1 }
    }
  }

  #say<T extends MemremapPayload['type']>(type: T, data: Extract<MemremapPayload, { type: T }>['data']): void {
    if (this.#emitter.on) this.#emitter.emit<MemremapPayload>(type, data)
  }
}
