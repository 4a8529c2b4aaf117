/** A live machine whose every event is folded and judged as it is said, for the tests beside the sources. */
import { Ids, type Actor, type AnyEvent, type LogPayload, type Pfn } from '@devtrail/events'
import type { VmemAltmap } from '../src/altmap/altmap.ts'
import { LinearDax } from '../src/fault/dax-device.ts'
import { DaxFile } from '../src/fault/dax-file.ts'
import { driverRef, managedDevice } from './driver.ts'
import { Judged } from './judged.ts'
import { refCount, type DevPagemap } from '../src/pagemap/dev-pagemap.ts'
import { memoryType } from '../src/pagemap/memory-type.ts'
import { PagemapRegistry } from '../src/pagemap-registry.ts'
import { memremapRules, type MemremapRules, type RulesName } from '../src/rules.ts'
import type { AddressSpace, Vma } from '../src/fault/address-space.ts'
import { finish, type Steps } from '../src/tasks.ts'

/** Physical 4 GiB. */
export const PFN = 0x100000
export const GIB = 1n << 30n
export const MIB = 1n << 20n
export const TASK: Actor = { pid: 7, comm: 'task' }
/** Where files are mapped: a virtual page number on a border of 2 MiB. */
export const PAGE = 0x7f0000000

export interface LiveOptions {
  readonly rules?: RulesName | MemremapRules
  readonly schedule?: (task: () => void) => void
}

export interface Mapping {
  readonly start?: bigint
  readonly size?: bigint
  readonly type?: number
  readonly altmap?: VmemAltmap
}

export class Live extends Judged {
  readonly #ids = new Ids()
  readonly registry: PagemapRegistry
  readonly rules: MemremapRules
  #files = 0

  constructor({ rules = 'linux-6.1', schedule }: LiveOptions = {}) {
    super()
    this.rules = typeof rules === 'string' ? memremapRules[rules] : rules
    this.registry = new PagemapRegistry(this.emitter, this.#ids, { rules: this.rules, ...(schedule && { schedule }) })
    this.emitter.actor = TASK
  }

  /** A pagemap of 1 GiB at 4 GiB unless said otherwise. */
  map({ start = 4n * GIB, size = GIB, type = memoryType.FS_DAX, altmap }: Mapping = {}): DevPagemap {
    const range = { start, end: start + size - 1n }
    const p = this.rules.typed
      ? this.registry.memremapPages(1, range, type, { altmap: altmap ?? null })
      : this.registry.devmMemremapPages(managedDevice(this.emitter, this.#ids), range, driverRef(this.emitter, this.#ids), altmap)
    if (typeof p === 'number') throw new Error(`not mapped: ${p}`)
    return 'address' in p ? p.pagemap! : p
  }

  /** The references on a pagemap. */
  ref(p: DevPagemap): number {
    return refCount(p)
  }

  /** Its reference is killed, as by unmapping or by its owner. */
  kill(p: DevPagemap): void {
    p.ref.kill()
  }

  as<T>(actor: Actor, what: () => T): T {
    this.clock.advance(1_000_000)
    const before = this.emitter.actor
    this.emitter.actor = actor
    try {
      return what()
    } finally {
      this.emitter.actor = before
    }
  }

  count(pfn: Pfn): number {
    return this.registry.countOf(pfn)
  }

  /** Page tables that map `pages` pages of a device from `first` on, entered with one fault each (or one of 2 MiB). */
  space({ first = PFN, pages = 8, write = true, pmd = false, device = new LinearDax(first, 1 << 20) }: Spacing = {}): Mapped {
    const blocks = Array.from({ length: pages }, (_, n) => n)
    return this.faulted({ device, blocks, write, pmd })
  }

  /** Maps a file and faults in all of its pages. */
  faulted({ device, blocks, write = true, pmd = false }: Faulted): Mapped {
    const file = new DaxFile(++this.#files, device, blocks)
    const space = this.registry.addressSpace(TASK.pid)
    const vma = space.map({ first: PAGE, last: PAGE + blocks.length - 1, file, pgoff: 0, writable: true })
    for (let n = 0; n < blocks.length; n += pmd ? 512 : 1) finish(this.registry.faults.fault(space, PAGE + n, { write, pmd }))
    return { device, file, space, vma }
  }

  /** References on pages of a process; nobody comes between. */
  gup(space: AddressSpace, count: number, flags: number, more: { page?: number; slowOnly?: boolean } = {}): readonly Pfn[] | number {
    const { page = PAGE, slowOnly = false } = more
    const { pfns, errno } = finish(this.registry.userPages.pages(space, page, count, flags, { slowOnly }))
    return pfns.length > 0 ? pfns : errno
  }

  /** Runs an operation up to its n-th pause, calls `between`, and finishes it. */
  between<T>(steps: Steps<T>, pauses: number, between: () => void): T {
    for (let n = 0; n < pauses; n++) {
      const step = steps.next()
      if (step.done === true) throw new Error(`it ended after ${n} pauses`)
    }
    between()
    return finish(steps)
  }

  /** What is said about the end of a log. */
  ended(complete = true): void {
    this.emitter.emit<LogPayload>('log/ended', { complete })
  }

  /** Rules broken so far, each once. */
  get broken(): string[] {
    return [...new Set(this.violations.map((v) => v.rule))]
  }

  said(type: string): AnyEvent[] {
    return this.events.filter((event) => event.type === `memremap/${type}`)
  }
}

interface Spacing {
  first?: Pfn
  pages?: number
  write?: boolean
  pmd?: boolean
  device?: LinearDax
}

interface Faulted {
  device: LinearDax
  blocks: readonly number[]
  write?: boolean
  pmd?: boolean
}

export interface Mapped {
  readonly device: LinearDax
  readonly file: DaxFile
  readonly space: AddressSpace
  readonly vma: Vma
}
