/** One range of a pagemap on its way in: registered, added, its pages initialised; and back out where that fails. */
import { errno } from '@devtrail/events'
import { addMemory } from '../hotplug/hot-add.ts'
import type { MemremapMachine } from '../machine.ts'
import type { Steps } from '../tasks.ts'
import { pfnLen, type DevPagemap, type LiveRange } from './dev-pagemap.ts'
import { getDevPagemap } from './lookup.ts'
import { memoryType } from './memory-type.ts'
import { ramShareOf } from './ram.ts'

const sizeOf = ({ start, end }: LiveRange): bigint => end - start + 1n

/** Enters a range into the registry. 0, or the errno of a clash. */
export function register(m: MemremapMachine, p: DevPagemap, range: LiveRange): number {
  const error = m.faults.storeRange?.(range.start) || m.index.store(p, range)
  if (error !== 0) return error
  range.registered = true
  const { index, start, end } = range
  m.say('memremap/registered', { pagemap: p.id, range: index, start, end, ref: p.ref.id, ownRef: m.rules.ownRef }, p.device)
  return 0
}

/** Takes a range out of the registry. */
export function erase(m: MemremapMachine, p: DevPagemap, range: LiveRange): void {
  m.index.erase(p, range)
  range.registered = false
  m.say('memremap/erased', { pagemap: p.id, range: range.index, start: range.start, end: range.end }, p.device)
}

/** untrack_pfn. */
export function untrack(m: MemremapMachine, p: DevPagemap, range: LiveRange): void {
  if (!range.tracked) return
  range.tracked = false
  m.say('memremap/memtype-untracked', { pagemap: p.id, start: range.start, size: sizeOf(range) }, p.device)
}

function track(m: MemremapMachine, p: DevPagemap, range: LiveRange): number {
  if (!m.rules.tracksMemtype) return 0
  const error = m.faults.trackMemtype?.(range.start) ?? 0
  if (error !== 0) return error
  range.tracked = true
  m.say('memremap/memtype-tracked', { pagemap: p.id, start: range.start, size: sizeOf(range) }, p.device)
  return 0
}

/** The struct pages behind the altmap get their pagemap (memmap_init_zone_device). */
export function initPages(m: MemremapMachine, p: DevPagemap, range: LiveRange): void {
  range.pages = m.pages.initDevice(p, range)
  const firstPfn = Number(range.start >> 12n)
  const pages = Number(sizeOf(range) >> 12n)
  m.say('memremap/pages-initialised', { pagemap: p.id, pointer: p.pointer, firstPfn, pages }, p.device)
}

/** Whether pages of a type hold no reference of their pagemap until they are given out. */
export const givenOutSingly = (type: number | null): boolean => type === memoryType.PRIVATE || type === memoryType.COHERENT

/** pagemap_range of Linux 6.1: 0 or an errno; then the range has nothing left in the registry. */
export function* mapRange(m: MemremapMachine, p: DevPagemap, range: LiveRange, nid: number): Steps<number> {
  const refused = refusal(m, p, range)
  if (refused !== 0) return refused
  const clash = register(m, p, range)
  if (clash !== 0) return clash
  yield { what: 'track_pfn_remap' }
  const tracking = track(m, p, range)
  if (tracking !== 0) {
    erase(m, p, range)
    return tracking
  }
  if (m.faults.rangeAllowed?.(range.start, sizeOf(range)) === false) {
    if (m.rules.untracksRefused) untrack(m, p, range)
    erase(m, p, range)
    return errno.EINVAL
  }
  const added = yield* addMemory(m, p, range, nid)
  if (added !== 0) {
    untrack(m, p, range)
    erase(m, p, range)
    return added
  }
  m.pages.added(range.first, range.last + 1)
  yield { what: 'memmap_init_zone_device' }
  initPages(m, p, range)
  if (m.rules.pagesHoldRef && !givenOutSingly(p.type)) p.ref.getMany(pfnLen(p, range.index))
  return 0
}

/** What a range is refused for before anything is done. */
function refusal(m: MemremapMachine, p: DevPagemap, range: LiveRange): number {
  if (p.altmap !== null && range.index > 0) {
    m.warn(p, 'pagemap_range', 'altmap not supported for multiple ranges', true)
    return errno.EINVAL
  }
  if (m.rules.clashProbed) {
    for (const pfn of [Number(range.start >> 12n), Number(range.end >> 12n)]) {
      const conflict = getDevPagemap(m, pfn, null)
      if (conflict === null) continue
      m.warn(p, 'pagemap_range', 'Conflicting mapping in same section')
      conflict.ref.put()
      return errno.ENOMEM
    }
  }
  const ram = ramShareOf(m, range)
  if (ram === 'none') return 0
  const [start, end] = [range.start, range.end].map((v) => `0x${v.toString(16)}`)
  m.warn(p, 'pagemap_range', `attempted on ${ram} region ${start}-${end}`, true)
  return errno.ENXIO
}
