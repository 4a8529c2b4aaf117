/**
 * Taking a pagemap down: memunmap_pages of Linux 6.1, devm_memremap_pages_release of the seed, and what lay between them. The
 * steps are the same; what changed from kernel to kernel is their order, and each order before that of 6.0 left a hole.
 */
import { removeMemory } from '../hotplug/hot-remove.ts'
import type { MemremapMachine } from '../machine.ts'
import type { UnmapStep } from '../rules.ts'
import type { Steps } from '../tasks.ts'
import { pfnLen, type DevPagemap, type LiveRange } from './dev-pagemap.ts'
import { erase, givenOutSingly, untrack } from './map-range.ts'
import { layoutOf } from './map-said.ts'
import { sampleRef } from './ref.ts'

/** A step that is over when it returns, for the ranges given; or one that pauses. */
type AtOnce = (m: MemremapMachine, p: DevPagemap, ranges: readonly LiveRange[]) => void
type InSteps = (m: MemremapMachine, p: DevPagemap, ranges: readonly LiveRange[]) => Steps<void>
type PausingStep = 'grace' | 'wait' | 'remove'

const BY = { true: 'memunmap_pages', false: 'devm_memremap_pages_release' } as const

function checkLive(m: MemremapMachine, p: DevPagemap): void {
  if (!p.ref.tryGetLive()) return
  m.warn(p, BY.false, 'page mapping is still live!')
  p.ref.put()
}

function* grace(m: MemremapMachine): Steps<void> {
  let elapsed = false
  m.rcu.callRcu(() => (elapsed = true))
  yield { what: 'synchronize_rcu', until: () => elapsed }
}

function checkPages(m: MemremapMachine, p: DevPagemap, ranges: readonly LiveRange[]): void {
  for (const range of ranges) {
    for (const [pfn, count] of range.pages?.referenced() ?? []) {
      const page = `0x${pfn.toString(16)}`
      m.warn(p, BY.false, count < 1 ? `page ${page} has no reference` : `page ${page} is still referenced: ${count}`)
    }
  }
}

function kill(_m: MemremapMachine, p: DevPagemap): void {
  p.ref.kill()
}

function putPages(_m: MemremapMachine, p: DevPagemap): void {
  if (givenOutSingly(p.type)) return
  for (let range = 0; range < p.mappedRanges; range++) p.ref.putMany(pfnLen(p, range))
}

function* wait(m: MemremapMachine, p: DevPagemap): Steps<void> {
  yield { what: "the pagemap's reference", until: () => (m.rules.ownRef ? p.released : p.ref.isZero) }
}

function* remove(m: MemremapMachine, p: DevPagemap, ranges: readonly LiveRange[]): Steps<void> {
  for (const range of ranges) {
    sampleRef(m, p, 'release')
    yield* removeMemory(m, p, range)
  }
}

function exit(m: MemremapMachine, p: DevPagemap): void {
  p.ref.exit()
  p.exited = true
  m.say('memremap/ref-exited', { pagemap: p.id, ref: p.ref.id }, p.device)
}

function checkAltmap(m: MemremapMachine, p: DevPagemap): void {
  if (p.altmap === null || p.altmap.alloc === 0) return
  m.warn(p, BY[`${m.rules.typed}`], 'failed to free all reserved pages', m.rules.typed)
}

function free(m: MemremapMachine, p: DevPagemap): void {
  m.say('memremap/record-freed', { pagemap: p.id, readers: p.readers }, p.device)
}

const inSteps: Readonly<Record<PausingStep, InSteps>> = { grace, wait, remove }

const atOnce: Readonly<Record<Exclude<UnmapStep, PausingStep>, AtOnce>> = {
  'check-live': checkLive,
  'check-pages': checkPages,
  kill,
  'put-pages': putPages,
  untrack: (m, p, ranges) => {
    for (const range of ranges) untrack(m, p, range)
  },
  erase: (m, p, ranges) => {
    for (const range of ranges) if (range.registered) erase(m, p, range)
  },
  exit,
  'check-altmap': checkAltmap,
  free,
}

const pauses = (name: UnmapStep): name is PausingStep => name in inSteps

/** All of it, with a pause before each step and at each wait; also what a failed mapping of several ranges ends in. */
export function* unmapSteps(m: MemremapMachine, p: DevPagemap, cause = 0): Steps<void> {
  const words = { ranges: p.mappedRanges, ref: p.ref.id, percpuCountPtr: null, refCount: null }
  const started = m.say('memremap/unmap-started', { pagemap: p.id, ...layoutOf(p), ...words }, p.device, cause)
  p.phase = 'unmapping'
  const { before, eachRange, after } = m.rules.unmap
  const ranges = p.ranges.slice(0, p.mappedRanges)
  yield* all(m, p, before, ranges, started)
  for (const range of ranges) yield* all(m, p, eachRange, [range], started)
  yield* all(m, p, after, ranges, started)
  m.gone(p)
  p.phase = 'removed'
  m.say('memremap/unmapped', { pagemap: p.id }, p.device, started)
}

function* all(m: MemremapMachine, p: DevPagemap, names: readonly UnmapStep[], ranges: readonly LiveRange[], cause: number): Steps<void> {
  for (const name of names) {
    yield { what: name }
    if (pauses(name)) yield* caused(m, cause, inSteps[name](m, p, ranges))
    else m.events.because(cause, () => atOnce[name](m, p, ranges))
  }
}

/** Runs steps so that what they say is caused by an event. */
function* caused<T>(m: MemremapMachine, cause: number, inner: Steps<T>): Steps<T> {
  for (;;) {
    const { done, value } = m.events.because(cause, () => inner.next())
    if (done === true) return value
    yield value
  }
}
