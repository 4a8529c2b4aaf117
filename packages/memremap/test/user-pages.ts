/**
 * Tasks that reach device pages the way processes do: by page tables and get_user_pages, into bios and pipes, while files are
 * truncated. One process maps a file of each of two ranges.
 */
import { errno, type Pfn } from '@devtrail/events'
import { foll } from '../src/page/foll.ts'
import { pfnFlags, pfnToPfnT } from '../src/page/pfn-t.ts'
import type { AddressSpace } from '../src/fault/address-space.ts'
import { DaxFile } from '../src/fault/dax-file.ts'
import type { PagemapRegistry } from '../src/pagemap-registry.ts'
import type { Steps } from '../src/tasks.ts'

/** Pages of each file. */
export const FILE_PAGES = 3
/** Whose address space it is, and the virtual page number of the first file's first page. */
export const PROCESS = 50
const FIRST_PAGE = 0x7f0000000
/** How often a walk may look again before somebody loses patience and kills its task. */
const PATIENCE = 40

export interface Walker {
  readonly slot: number
  readonly page: number
  readonly pin: boolean
  readonly how: number
}

export class UserPages {
  readonly space: AddressSpace
  readonly #registry: PagemapRegistry
  readonly #files: readonly DaxFile[]

  /** `firsts`: the page of each range where its file begins; `alive`: whether the device of a range can be used. */
  constructor(registry: PagemapRegistry, firsts: readonly Pfn[], alive: (slot: number) => boolean) {
    this.#registry = registry
    this.space = registry.addressSpace(PROCESS)
    this.#files = firsts.map((first, slot) => {
      const device = {
        enter: () => (alive(slot) ? 0 : errno.ENXIO),
        exit: () => {},
        directAccess: (page: number, pages: number) => ({ pfn: pfnToPfnT(first + page, pfnFlags.DEV | pfnFlags.MAP), pages }),
      }
      const file = new DaxFile(
        slot + 1,
        device,
        Array.from({ length: FILE_PAGES }, (_, n) => n),
      )
      const at = FIRST_PAGE + slot * 512
      this.space.map({ first: at, last: at + FILE_PAGES - 1, file, pgoff: 0, writable: true })
      return file
    })
  }

  *#walk({ slot, page, pin }: Walker): Steps<readonly Pfn[]> {
    const flags = (pin && this.#registry.rules.pins ? foll.PIN : foll.GET) | foll.WRITE
    let turns = 0
    const killed = (): boolean => ++turns > PATIENCE
    const { pfns } = yield* this.#registry.userPages.pages(this.space, FIRST_PAGE + slot * 512 + page, 2, flags, { killed })
    yield null
    return pfns
  }

  /** Direct input or output: a bio has the pages until it ends. */
  *directIo(walker: Walker): Steps<void> {
    const pfns = yield* this.#walk(walker)
    const bio = this.#registry.bio(pfns, walker.pin && this.#registry.rules.pins ? 'pin' : 'get')
    yield { what: 'the end of the bio' }
    bio.end()
  }

  /** A pipe has the pages until it is read. */
  *splice(walker: Walker): Steps<void> {
    const pfns = yield* this.#walk({ ...walker, pin: false })
    const pipe = this.#registry.pipe(pfns)
    yield { what: 'the reader of the pipe' }
    pipe.release()
  }

  *truncate({ slot, page }: Walker): Steps<void> {
    yield null
    const file = this.#files.at(slot)
    if (file !== undefined) yield* this.#registry.truncate(file, page)
  }

  /** The process looks at a page, or unmaps both. */
  *touch({ slot, page, pin }: Walker): Steps<void> {
    const at = FIRST_PAGE + slot * 512 + page
    if (pin) this.space.zap(at, at)
    else yield* this.#registry.faults.fault(this.space, at, { write: true })
  }
}
