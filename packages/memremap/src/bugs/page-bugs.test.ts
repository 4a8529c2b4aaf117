/**
 * Bugs of the memremap notes, section 6, that struct pages and references to them had: with the old rule or the wrong order the
 * named rule is broken, with the fix nothing is.
 */
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { GIB, Live, MIB, PFN } from '../../test/live.ts'
import { memremapModel } from '../model.ts'
import { PagemapRegistry } from '../pagemap-registry.ts'
import { memoryType } from '../pagemap/memory-type.ts'
import { memremapRules, type MemremapRules } from '../rules.ts'
import { foll } from '../page/foll.ts'
import { listPoison } from '../page/page-words.ts'

const seed = memremapRules.seed
const linux61 = memremapRules['linux-6.1']

test.each([
  ['the series', seed, ['memremap/poison-elsewhere']],
  ['without list_force_poison', { ...seed, listsCheckPoison: false }, []],
] as const)('bug 3, %s: a list entry on a stack holds the poison by chance', (_, rules, broken) => {
  const live = new Live({ rules })
  live.map()
  // What a stack frame left behind: a copy of a device page's words.
  const words = live.registry.pages.words(PFN)!
  expect(words.word1).toBe(listPoison.POISON3)
  const entry = { pointer: '0xffffc90000123e40', words }
  live.registry.lists.add(entry, { pointer: '0xffff880000001000', next: '0xffff880000001000' })
  expect(live.broken).toEqual(broken)
})

test.each([
  ['a walk takes page references alone', { ...seed, walkHoldsPagemap: false }, ['memremap/pagemap-hold-unbalanced']],
  ['one reference of the pagemap for all', { ...seed, walkHoldsPagemap: false, pageHoldsPagemap: false }, []],
] as const)('bug 8, %s: what put_page gives back of the pagemap was never taken', (_, rules, broken) => {
  const live = new Live({ rules })
  live.map()
  const { space } = live.space()
  live.gup(space, 1, foll.GET)
  live.registry.putPage(PFN)
  expect(live.broken).toEqual(broken)
})

test.each([
  ['before', { ...linux61, softOfflinePuts: false }, ['memremap/reference-kept-by-failure'], 2],
  ['after', linux61, [], 1],
] as const)('bug 22, %s: a device page cannot be taken offline, and its reference is given back', (_, rules, broken, count) => {
  const live = new Live({ rules })
  live.map()
  const { space } = live.space()
  // madvise(MADV_SOFT_OFFLINE) hands its reference on.
  live.gup(space, 1, foll.GET)
  expect(live.registry.softOffline(PFN, true)).toBe(-5)
  expect([live.broken, live.count(PFN)]).toEqual([broken, count])
  if (count === 2) live.registry.putPage(PFN)
})

/** PRIVATE memory of a driver that hands its pages out. */
function privateMemory(rules: MemremapRules) {
  const events: AnyEvent[] = []
  const broken = new Set<string>()
  const state = memremapModel.initial()
  const emitter = new Emitter(new ManualClock(), (event) => {
    events.push(event)
    memremapModel.evolve(state, event)
    for (const rule of memremapModel.invariants) for (const v of rule.judge(state, event)) broken.add(v.rule)
  })
  const registry = new PagemapRegistry(emitter, new Ids(), { rules })
  const ops = { pageFree: () => {}, migrateToRam: () => {} }
  const p = registry.memremapPages(1, { start: 4n * GIB, end: 4n * GIB + 128n * MIB - 1n }, memoryType.PRIVATE, { ops, owner: 'gpu' })
  if (typeof p === 'number') throw new Error(`not mapped: ${p}`)
  return { registry, p, broken, state }
}

test.each([
  ['freeing alone puts the pagemap', { ...linux61, allocationHoldsPagemap: false }, ['memremap/pagemap-hold-unbalanced']],
  ['handing out takes what freeing puts', linux61, []],
] as const)('bug 28, %s: a PRIVATE page, idle at 0', (_, rules, broken) => {
  const memory = privateMemory(rules)
  memory.registry.references.initPage(PFN)
  expect(memory.state.pagemaps.get(memory.p.id)!.pages.get(PFN)!.refcount).toBe(1)
  expect(memory.registry.putPage(PFN)).toBe('freed')
  expect([...memory.broken]).toEqual(broken)
})

test('section 3, vector 19: unmapping PRIVATE memory waits for a page that is handed out', () => {
  const { registry, p, broken } = privateMemory(linux61)
  registry.references.initPage(PFN)
  expect(registry.memunmapPages(p)).toBe(false)
  registry.putPage(PFN)
  expect(registry.memunmapPages(p)).toBe(true)
  expect([...broken]).toEqual([])
})

test.each([
  ['before', { ...linux61, usageAfterGrace: false }, ['memremap/stale-section-usage'], true],
  ['after', linux61, [], false],
] as const)('bug 30, %s: pfn_valid while the section is removed', (_, rules, broken, valid) => {
  const live = new Live({ rules })
  const p = live.map()
  expect(live.between(live.registry.pages.pfnValid(PFN), 1, () => live.registry.memunmapPages(p))).toBe(valid)
  expect(live.broken).toEqual(broken)
})

test.each([
  ['pins are invisible to teardown', linux61, ['memremap/referenced-at-removal', 'memremap/put-after-removal'], true],
  ['pages hold their pagemap', { ...linux61, pageHoldsPagemap: true, walkHoldsPagemap: true }, [], false],
] as const)('bug 32, %s: unmapping with a page taken', (_, rules, broken, gone) => {
  const live = new Live({ rules })
  const p = live.map()
  const { space } = live.space()
  live.gup(space, 1, foll.GET)
  expect(live.registry.memunmapPages(p)).toBe(gone)
  live.registry.putPage(PFN)
  if (!gone) live.registry.memunmapPages(p)
  expect([p.phase, live.broken]).toEqual(['removed', broken])
})
