/** arch_add_memory for a range of a pagemap: sections become present, and their struct pages are put somewhere. */
import { errno, type Pfn } from '@devtrail/events'
import { altmapAllocBlocks, altmapOffset, type VmemAltmap } from '../altmap/altmap.ts'
import type { MemremapMachine } from '../machine.ts'
import type { DevPagemap, LiveRange, PhysRange } from '../pagemap/dev-pagemap.ts'
import { SECTION_PAGES } from '../rules.ts'
import type { Steps } from '../tasks.ts'

/** Pages of a block of struct pages: those of one section fill 2 MiB. */
export const BLOCK_PAGES = 512
const STRUCT_PAGES_A_PAGE = 64

/**
 * The pages that adding a range makes present: as they are where the granule is checked, else whole granules. `byEnd`: all that
 * the range touches; else as many as its size has, rounded up, from the first.
 */
export function granules(m: MemremapMachine, { start, end }: PhysRange, byEnd: boolean): { first: Pfn; last: Pfn } {
  const { granulePages, granuleChecked } = m.rules
  const [first, last] = [Number(start >> 12n), Number(end >> 12n)]
  if (granuleChecked) return { first, last }
  const down = Math.floor(first / granulePages) * granulePages
  const pages = byEnd ? last + 1 - down : last + 1 - first
  return { first: down, last: down + Math.ceil(pages / granulePages) * granulePages - 1 }
}

/** Waits for the lock of memory hot-plug where there is one; returns how to give it back. */
export function* lockHotplug(m: MemremapMachine): Steps<() => void> {
  if (m.rules.hotplugLocked) {
    yield { what: 'mem_hotplug_begin', until: () => !m.hotplugBusy }
    m.hotplugBusy = true
  }
  return () => {
    m.hotplugBusy = false
  }
}

/** 0 or an errno. What was added before an error stays present, and what it took of the altmap stays in use. */
export function* addMemory(m: MemremapMachine, p: DevPagemap, range: LiveRange, nid: number): Steps<number> {
  const unlock = yield* lockHotplug(m)
  const size = range.end - range.start + 1n
  const seq = m.say('memremap/memory-add-started', { pagemap: p.id, nid, start: range.start, size }, p.device)
  yield { what: '__add_pages' }
  const error = m.faults.zeroShadow?.(range.start) || m.events.because(seq, () => addPages(m, p, range))
  m.say('memremap/memory-added', { pagemap: p.id, errno: error }, p.device, seq)
  unlock()
  if (error === 0) range.memory = true
  return error
}

/** __add_pages. */
function addPages(m: MemremapMachine, p: DevPagemap, range: LiveRange): number {
  const altmap = range.index === 0 ? p.altmap : null
  const pages = Number((range.end - range.start + 1n) >> 12n)
  if (altmap !== null) {
    if (altmap.basePfn !== Number(range.start >> 12n) || altmapOffset(altmap) > pages) {
      m.warn(p, '__add_pages', 'memory add fail, invalid altmap', true)
      return errno.EINVAL
    }
    altmap.alloc = 0
  }
  const { first, last } = granules(m, range, m.rules.storesByEnd)
  const { granulePages, granuleChecked } = m.rules
  if (granuleChecked && (first % granulePages !== 0 || (last + 1) % granulePages !== 0)) {
    m.warn(p, '__add_pages', `Misaligned __add_pages start: 0x${first.toString(16)} end: 0x${last.toString(16)}`)
    return errno.EINVAL
  }
  return new HotAdd(m, p, altmap, first, last).run()
}

/** The sections of one hot-add, in order. */
class HotAdd {
  readonly #m: MemremapMachine
  readonly #p: DevPagemap
  readonly #altmap: VmemAltmap | null
  readonly #first: Pfn
  readonly #last: Pfn
  #ramPages = 0

  constructor(m: MemremapMachine, p: DevPagemap, altmap: VmemAltmap | null, first: Pfn, last: Pfn) {
    this.#m = m
    this.#p = p
    this.#altmap = altmap
    this.#first = first
    this.#last = last
  }

  run(): number {
    const fault = this.#m.faults.addMemory?.(this.#first, this.#last) ?? null
    const error = this.#addUntil(fault === null ? null : sectionOf(fault.pfn), fault?.errno ?? 0)
    if (this.#ramPages > 0 && this.#altmap !== null)
      this.#m.say('memremap/altmap-ignored', { pagemap: this.#p.id, pages: this.#ramPages }, this.#p.device)
    return error
  }

  /** Adds run after run of sections that are not there; `faultAt`: the section that cannot be added. */
  #addUntil(faultAt: Pfn | null, fault: number): number {
    const { sections, rules } = this.#m
    for (let pfn = this.#first; pfn <= this.#last;) {
      const present = sections.firstPresent(pfn, this.#last)
      const clash = present === null ? this.#last + 1 : Math.max(pfn, sectionOf(present))
      const end = faultAt !== null && faultAt < clash ? Math.max(pfn, faultAt) : clash
      const reached = this.#populate(pfn, end)
      if (reached > pfn) this.#present(pfn, reached - 1)
      if (reached < end) return errno.ENOMEM
      if (faultAt !== null && end === Math.max(pfn, faultAt) && end < clash) return fault
      if (end > this.#last) return 0
      if (!rules.presentSkipped) return errno.EEXIST
      pfn = sectionOf(end) + SECTION_PAGES
    }
    return 0
  }

  /** Struct pages for `pfn` up to `end`; returns up to where there are some. */
  #populate(pfn: Pfn, end: Pfn): Pfn {
    if (this.#altmap === null) return end
    const whole = sectionOf(pfn + SECTION_PAGES - 1)
    const blocks = Math.max(0, Math.floor((end - whole) / SECTION_PAGES))
    if (!this.#m.rules.partsInRam) return this.#fromAltmap(pfn, Math.ceil((end - pfn) / SECTION_PAGES), end)
    if (blocks === 0) this.#inRam(end - pfn)
    else {
      this.#inRam(whole - pfn)
      const reached = this.#fromAltmap(whole, blocks, whole + blocks * SECTION_PAGES)
      if (reached < whole + blocks * SECTION_PAGES) return reached
      this.#inRam(end - reached)
    }
    return end
  }

  #inRam(pages: number): void {
    this.#ramPages += Math.ceil(pages / STRUCT_PAGES_A_PAGE)
  }

  #fromAltmap(pfn: Pfn, blocks: number, end: Pfn): Pfn {
    if (blocks === 0) return end
    const altmap = this.#altmap!
    const got = altmapAllocBlocks(altmap, BLOCK_PAGES, blocks)
    const { alloc, align } = altmap
    const { id, device } = this.#p
    const said = { pagemap: id, pages: BLOCK_PAGES, alloc, align }
    if (got.blocks > 0) this.#m.say('memremap/altmap-allocated', { ...said, blocks: got.blocks, pfn: got.pfn, pad: got.pad }, device)
    if (got.blocks < blocks) this.#m.say('memremap/altmap-allocated', { ...said, blocks: 0, pfn: null, pad: 0 }, device)
    return got.blocks === blocks ? end : pfn + got.blocks * SECTION_PAGES
  }

  #present(first: Pfn, last: Pfn): void {
    const { sections } = this.#m
    const pages = last - first + 1 - sections.count(first, last)
    sections.add(first, last)
    this.#m.say('memremap/sections-added', { pagemap: this.#p.id, first, last, pages }, this.#p.device)
  }
}

const sectionOf = (pfn: Pfn): Pfn => Math.floor(pfn / SECTION_PAGES) * SECTION_PAGES
