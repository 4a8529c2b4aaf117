import { errno } from '@devtrail/events'
import { pfnFlags, pfnToPfnT, type PfnT } from '../page/pfn-t.ts'

/** What `direct_access` gives: the first page, and how many lie behind one another from there. */
export interface DirectAccess {
  readonly pfn: PfnT
  readonly pages: number
}

/** A device whose memory files show without a copy. */
export interface DaxDevice {
  /** `blk_queue_enter` without waiting, since 4.12 `dax_read_lock` and `dax_alive`: 0, or why the device cannot be used. */
  enter(): number
  exit(): void
  /** `direct_access` of so many pages from one of the device's own on; or an errno. */
  directAccess(page: number, pages: number): DirectAccess | number
}

/** Memory of one range, as a pmem device shows it, until it is killed. */
export class LinearDax implements DaxDevice {
  readonly #first: number
  readonly #pages: number
  readonly #flags: bigint
  #alive = true
  /** Calls of `enter` without an `exit`. */
  users = 0

  /** `flags`: PFN_ flags of its pages; DEV and MAP unless given. */
  constructor(first: number, pages: number, flags: bigint = pfnFlags.DEV | pfnFlags.MAP) {
    this.#first = first
    this.#pages = pages
    this.#flags = flags
  }

  /** `kill_dax`. */
  kill(): void {
    this.#alive = false
  }

  enter(): number {
    if (!this.#alive) return errno.ENXIO
    this.users++
    return 0
  }

  exit(): void {
    this.users--
  }

  directAccess(page: number, pages: number): DirectAccess | number {
    if (page < 0 || page >= this.#pages) return errno.ENXIO
    return { pfn: pfnToPfnT(this.#first + page, this.#flags), pages: Math.min(pages, this.#pages - page) }
  }
}
