/** Vectors are those of the memremap notes, section 4. R is the reference of the pagemap before. */
import { Emitter, errno, Ids, ManualClock } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { GIB, Live, PAGE, PFN, TASK } from '../../test/live.ts'
import { LinearDax } from '../fault/dax-device.ts'
import { foll } from '../page/foll.ts'
import { pfnFlags } from '../page/pfn-t.ts'
import { memoryType } from '../pagemap/memory-type.ts'
import { PagemapRegistry } from '../pagemap-registry.ts'
import { memremapRules } from '../rules.ts'
import { finish } from '../tasks.ts'

const pages = (n: number, first = PFN): number[] => Array.from({ length: n }, (_, i) => first + i)
const both = ['seed', 'linux-6.1'] as const

describe('the fast walk', () => {
  test('vectors 1 and 2, seed: 1 slow and 7 cached lookups; each page holds the pagemap until it is put', () => {
    const live = new Live({ rules: 'seed' })
    const p = live.map()
    const R = live.ref(p)
    const { space } = live.space()
    expect(live.gup(space, 8, foll.GET)).toEqual(pages(8))
    expect(live.said('lookup-started').map((e) => e.data['cached'])).toEqual([null, ...pages(7).map(() => p.pointer)])
    expect([live.ref(p), ...pages(8).map((pfn) => live.count(pfn))]).toEqual([R + 8, ...pages(8).map(() => 2)])
    for (const pfn of pages(8)) live.registry.putPage(pfn)
    expect([live.ref(p), live.count(PFN)]).toEqual([R, 1])
    expect(live.broken).toEqual([])
  })

  test('vector 4, 6.1: one tryget, one put; pages hold nothing of the pagemap', () => {
    const live = new Live()
    const p = live.map()
    const R = live.ref(p)
    const { space } = live.space()
    expect(live.gup(space, 8, foll.GET)).toEqual(pages(8))
    expect(live.said('looked-up').filter((e) => e.data['fresh'] === true && e.seq > live.said('gup-started')[0]!.seq).length).toBe(1)
    expect([live.ref(p), live.count(PFN + 7)]).toEqual([R, 2])
    expect(live.broken).toEqual([])
  })

  test.each(both)('vector 5, %s: killed before, it takes nothing and leaves all to the slow one', (rules) => {
    const live = new Live({ rules })
    const p = live.map()
    const { space } = live.space()
    const held = live.registry.getDevPagemap(PFN)
    live.kill(p)
    expect(live.gup(space, 8, foll.GET | foll.FAST_ONLY)).toBe(0)
    expect(live.said('gup-undone').at(-1)?.data).toEqual({ from: 0, to: 0 })
    live.registry.putDevPagemap(held)
  })

  test('vector 6, seed: killed after three pages, cached lookups never look and all 8 are taken', () => {
    const live = new Live({ rules: 'seed' })
    const p = live.map()
    const { space } = live.space()
    const { pfns } = live.between(live.registry.userPages.pages(space, PAGE, 8, foll.GET), 6, () => {
      expect(live.said('grabbed').length).toBe(3)
      live.kill(p)
    })
    // The reference of its owner went with the kill.
    expect([pfns, live.ref(p)]).toEqual([pages(8), 8])
  })

  test.each(both)('vector 7, %s: where two pagemaps meet the second lookup is a slow one; 6.1 puts the first before', (rules) => {
    const live = new Live({ rules })
    const [a, b] = [live.map(), live.map({ start: 5n * GIB })]
    const R = [live.ref(a), live.ref(b)]
    const { space } = live.space({ first: 0x13fffc })
    expect(live.gup(space, 8, foll.GET)).toEqual(pages(8, 0x13fffc))
    const held = rules === 'seed' ? 4 : 0
    expect([live.ref(a), live.ref(b)]).toEqual(R.map((r) => r + held))
    expect(live.broken).toEqual([])
  })

  test.each(both)('vector 8, %s: a dying second undoes the first four, and no lookup is left', (rules) => {
    const live = new Live({ rules })
    const [a, b] = [live.map(), live.map({ start: 5n * GIB })]
    const R = live.ref(a)
    const { space } = live.space({ first: 0x13fffc })
    const held = live.registry.getDevPagemap(0x140000)
    live.kill(b)
    expect(live.gup(space, 8, foll.GET | foll.FAST_ONLY)).toBe(0)
    expect(live.said('gup-undone').at(-1)?.data).toEqual({ from: 4, to: 0 })
    expect([live.ref(a), live.count(0x13fffc), live.broken]).toEqual([R, 1, []])
    live.registry.putDevPagemap(held)
  })

  test.each(both)('vector 9, %s: what came from tables before stays', (rules) => {
    const live = new Live({ rules })
    const [, b] = [live.map(), live.map({ start: 5n * GIB })]
    const device = new LinearDax(0x13fffa, 1024)
    const { space } = live.faulted({ device, blocks: Array.from({ length: 520 }, (_, n) => (n < 512 ? 0 : n - 508)) })
    const held = live.registry.getDevPagemap(0x140000)
    live.kill(b)
    const got = live.gup(space, 8, foll.GET | foll.FAST_ONLY, { page: PAGE + 508 })
    expect(got).toEqual([0x13fffa, 0x13fffa, 0x13fffa, 0x13fffa])
    expect(live.said('gup-undone').at(-1)?.data).toEqual({ from: 6, to: 4 })
    live.registry.putDevPagemap(held)
  })

  test.each([
    ['seed', 0],
    ['linux-6.1', 0],
  ] as const)('vector 10, %s: a device page and an anonymous one in a table', (rules, more) => {
    const live = new Live({ rules })
    const p = live.map()
    const R = live.ref(p)
    const { space } = live.space({ pages: 2 })
    live.registry.references.addOrdinary(0x42)
    space.mapOrdinary(PAGE + 1, 0x42, true)
    expect(live.gup(space, 2, foll.GET)).toEqual([PFN, 0x42])
    // The seed should have R + 1: it put the lookup of the first page for the second.
    expect(live.ref(p)).toBe(R + more)
    expect(live.broken).toEqual(rules === 'seed' ? ['memremap/walk-lookups-unbalanced'] : [])
  })

  test('vector 11: the seed takes a page mapped read-only for writing; 6.1 does not', () => {
    for (const rules of both) {
      const live = new Live({ rules })
      live.map()
      const { space } = live.space({ pages: 1, write: false })
      expect(live.gup(space, 1, foll.GET | foll.WRITE | foll.FAST_ONLY)).toEqual(rules === 'seed' ? [PFN] : 0)
      expect(live.broken).toEqual(rules === 'seed' ? ['memremap/write-reference-to-read-only'] : [])
    }
  })

  test.each(both)('vector 16, %s: of 2 MiB whose pagemap ends inside, nothing is taken', (rules) => {
    const live = new Live({ rules })
    live.map({ size: 2n ** 21n })
    const { space } = live.space({ pages: 512, pmd: true })
    space.zap(PAGE, PAGE + 511)
    space.setPmd(PAGE, { pfn: PFN + 412, writable: true, devmap: true, special: false, protnone: false, young: false, dirty: false })
    expect(live.gup(space, 512, foll.GET | foll.FAST_ONLY)).toBe(0)
    expect([live.said('gup-undone').at(-1)?.data, live.count(PFN + 412)]).toEqual([{ from: 100, to: 0 }, 1])
  })

  test('vector 17, 6.1: an entry of 2 MiB that changed after the loop: 512 undone', () => {
    const live = new Live()
    const p = live.map()
    const R = live.ref(p)
    const { space } = live.space({ pages: 512, pmd: true })
    const walk = live.registry.userPages.pages(space, PAGE, 512, foll.GET | foll.FAST_ONLY)
    const { pfns } = live.between(walk, 513, () => space.zap(PAGE, PAGE + 511))
    expect([pfns, live.said('gup-undone').at(-1)?.data]).toEqual([[], { from: 512, to: 0 }])
    expect([live.ref(p), live.count(PFN), live.broken]).toEqual([R, 1, []])
  })

  test('vector 18: as it was before 5.15, a page of 2 MiB that cannot be had leaves a lookup', () => {
    const live = new Live({ rules: { ...memremapRules['linux-6.1'], hugeRefusalPuts: false } })
    const p = live.map()
    const R = live.ref(p)
    const { space } = live.space({ pages: 512, pmd: true })
    live.registry.putPage(PFN + 3)
    live.violations.length = 0
    live.gup(space, 512, foll.GET | foll.FAST_ONLY)
    expect([live.ref(p), live.broken]).toEqual([R + 1, ['memremap/walk-lookups-unbalanced']])
  })

  test('vector 20, 6.1: who wants a page of a DAX file for long gets -EOPNOTSUPP', () => {
    const live = new Live()
    live.map()
    const { space } = live.space()
    expect(live.gup(space, 8, foll.PIN | foll.LONGTERM)).toBe(errno.EOPNOTSUPP)
    expect(live.said('entry-walked').map((e) => e.data['outcome'])).toEqual(['long-term'])
  })

  test('an entry that may not be touched, one without a struct page, and one that changes end the walk', () => {
    const live = new Live()
    live.map()
    const { space } = live.space({ pages: 3 })
    const entry = { pfn: PFN, writable: true, devmap: true, special: true, protnone: false, young: false, dirty: false }
    space.setPte(PAGE, { ...entry, protnone: true })
    space.setPte(PAGE + 1, { ...entry, devmap: false })
    const flags = foll.GET | foll.FAST_ONLY
    expect([live.gup(space, 1, flags), live.gup(space, 1, flags, { page: PAGE + 1 })]).toEqual([0, 0])
    live.between(live.registry.userPages.pages(space, PAGE + 2, 1, flags), 2, () => space.zap(PAGE + 2, PAGE + 2))
    expect(live.said('entry-walked').map((e) => e.data['outcome'])).toEqual(['not-permitted', 'special', 'changed'])
    expect([live.count(PFN + 2), live.broken]).toEqual([1, []])
  })
})

describe('the slow walk', () => {
  test('vector 12: the seed keeps each lookup: three pages, six references; 6.1 keeps none', () => {
    const refs = both.map((rules) => {
      const live = new Live({ rules })
      const p = live.map()
      const R = live.ref(p)
      const { space } = live.space({ pages: 3 })
      live.gup(space, 3, foll.GET, { slowOnly: true })
      expect(live.broken).toEqual(rules === 'seed' ? ['memremap/walk-lookups-unbalanced'] : [])
      return live.ref(p) - R
    })
    expect(refs).toEqual([6, 0])
  })

  test.each(both)('vector 13, %s: without FOLL_GET there is no page to be had: -EEXIST, with FOLL_DUMP -EFAULT', (rules) => {
    const live = new Live({ rules })
    live.map()
    const { space } = live.space()
    expect(live.gup(space, 1, 0, { slowOnly: true })).toBe(errno.EEXIST)
    expect(live.gup(space, 1, foll.DUMP, { slowOnly: true })).toBe(errno.EFAULT)
  })

  test('vector 14: of an entry of 2 MiB the seed gives the first page, 6.1 the one asked for', () => {
    for (const rules of both) {
      const live = new Live({ rules })
      live.map()
      const { space } = live.space({ pages: 512, pmd: true })
      expect(live.gup(space, 1, foll.GET, { page: PAGE + 3, slowOnly: true })).toEqual([rules === 'seed' ? PFN : PFN + 3])
    }
  })

  test('vector 15: of a dying device an entry of 2 MiB gives -EFAULT; one that is read-only faults for writing', () => {
    const live = new Live()
    const p = live.map()
    const { space } = live.space({ pages: 512, pmd: true, write: false })
    expect(live.gup(space, 1, foll.GET | foll.WRITE, { slowOnly: true })).toEqual([PFN])
    expect(live.said('entry-walked').map((e) => e.data['outcome'])).toEqual(['no-page', 'taken'])
    const held = live.registry.getDevPagemap(PFN)
    live.kill(p)
    expect(live.gup(space, 1, foll.GET, { page: PAGE + 5, slowOnly: true })).toBe(errno.EFAULT)
    live.registry.putDevPagemap(held)
  })

  test('of a dying device a small entry gives no page and needs no fault: it tries until the entry is zapped', () => {
    const live = new Live()
    const p = live.map()
    const { space, device } = live.space()
    const held = live.registry.getDevPagemap(PFN)
    live.kill(p)
    expect(() => finish(live.registry.userPages.pages(space, PAGE, 1, foll.GET))).toThrow('without an end')
    const { errno: why } = live.between(live.registry.userPages.pages(space, PAGE, 1, foll.GET), 20, () => {
      device.kill()
      space.zap(PAGE, PAGE + 7)
    })
    expect(why).toBe(errno.EFAULT)
    live.registry.putDevPagemap(held)
  })

  test.each([
    ['seed', errno.ERESTARTSYS],
    ['linux-6.1', errno.EINTR],
  ] as const)('or until the task is killed: %s %i', (rules, expected) => {
    const live = new Live({ rules })
    const p = live.map()
    const { space } = live.space()
    const held = live.registry.getDevPagemap(PFN)
    live.kill(p)
    let killed = false
    const walk = live.registry.userPages.pages(space, PAGE, 1, foll.GET, { killed: () => killed })
    expect(live.between(walk, 20, () => (killed = true)).errno).toBe(expected)
    live.registry.putDevPagemap(held)
  })

  test('vector 19: what was taken outranks the error; nothing taken, the error is told', () => {
    const live = new Live()
    live.map()
    const { space } = live.space({ pages: 4 })
    expect(live.gup(space, 8, foll.GET)).toEqual(pages(4))
    expect(live.gup(space, 4, foll.GET, { page: PAGE + 4 })).toBe(errno.EFAULT)
    expect(live.said('gup-ended').map((e) => [e.data['pages'], e.data['errno']])).toEqual([
      [4, 0],
      [0, errno.EFAULT],
    ])
  })

  test('faults in what is not mapped yet, and says who has the pages', () => {
    const live = new Live()
    live.map()
    const { space } = live.space()
    space.zap(PAGE, PAGE + 7)
    expect(live.gup(space, 2, foll.GET | foll.WRITE)).toEqual(pages(2))
    const { pages: folded } = live.state.pagemaps.get(1)!
    expect([...folded.values()].map(({ pfn, refcount, holders }) => [pfn, refcount, holders[0]?.pid])).toEqual([
      [PFN, 2, TASK.pid],
      [PFN + 1, 2, TASK.pid],
    ])
  })
})

describe('what a walk does to an entry', () => {
  test('the fast walk marks the entries that it took as used', () => {
    for (const pmd of [false, true]) {
      const live = new Live()
      live.map()
      const { space } = live.space({ pages: 512, pmd })
      expect(space.find(PAGE)?.entry.young).toBe(false)
      live.gup(space, 1, foll.GET | foll.WRITE | foll.FAST_ONLY)
      expect(space.find(PAGE)?.entry).toMatchObject({ young: true, dirty: false })
    }
  })

  test.each([
    [foll.GET, false, false],
    [foll.GET | foll.TOUCH, true, false],
    [foll.GET | foll.TOUCH | foll.WRITE, true, true],
  ])('the slow walk with flags %i: used %s, written %s', (flags, young, dirty) => {
    const live = new Live()
    live.map()
    const { space } = live.space({ pages: 512, pmd: true })
    live.gup(space, 1, flags, { slowOnly: true })
    expect(space.find(PAGE)?.entry).toMatchObject({ young, dirty })
  })

  test('FOLL_FORCE goes past an area that may not be written', () => {
    const live = new Live()
    live.map()
    const space = live.registry.addressSpace(7)
    space.map({ first: PAGE, last: PAGE, file: null, pgoff: 0, writable: false })
    space.setPte(PAGE, { pfn: PFN, writable: true, devmap: true, special: true, protnone: false, young: false, dirty: false })
    const flags = foll.GET | foll.WRITE
    expect(live.gup(space, 1, flags, { slowOnly: true })).toBe(errno.EFAULT)
    expect(live.gup(space, 1, flags | foll.FORCE, { slowOnly: true })).toEqual([PFN])
  })
})

describe('what is asked for', () => {
  test('get_user_pages_fast adds FOLL_GET: no page without a reference', () => {
    const live = new Live()
    live.map()
    const { space } = live.space()
    expect(live.gup(space, 2, foll.WRITE)).toEqual(pages(2))
    expect([live.count(PFN), live.count(PFN + 1)]).toEqual([2, 2])
    live.registry.bio(pages(2)).end()
    expect([live.count(PFN), live.broken]).toEqual([1, []])
  })

  test('so does the walk of one table; what runs past its end is given back, and no more', () => {
    const live = new Live()
    live.map()
    expect(live.registry.getUserPages(0x13fffe, 4, 0)).toBe(0)
    expect([live.count(0x13fffe), live.count(0x13ffff), live.broken]).toEqual([1, 1, []])
    expect([live.registry.getUserPages(0x13fffe, 2, 0), live.count(0x13fffe)]).toEqual([2, 2])
  })

  test.each([
    ['linux-6.1', foll.GET | foll.PIN],
    ['seed', foll.PIN],
  ] as const)('%s: flags 0x%x cannot be had, and nothing is looked up before that is said', (rules, flags) => {
    const live = new Live({ rules })
    const p = live.map()
    const { space } = live.space()
    const [R, said] = [live.ref(p), live.events.length]
    expect(() => live.gup(space, 2, flags)).toThrow('FOLL_PIN cannot be had')
    expect(() => live.registry.getUserPages(PFN, 2, flags)).toThrow('FOLL_PIN cannot be had')
    expect([live.ref(p), live.count(PFN), live.events.length]).toEqual([R, 1, said])
  })

  test('a range that is none is no walk', () => {
    const live = new Live()
    live.map()
    const { space } = live.space()
    for (const count of [-1, 0.5, Number.NaN, Infinity]) expect(() => live.gup(space, count, foll.GET)).toThrow(RangeError)
  })

  test('65 536 pages are as good as one', () => {
    const registry = new PagemapRegistry(new Emitter(new ManualClock()), new Ids())
    registry.memremapPages(1, { start: 4n * GIB, end: 5n * GIB - 1n }, memoryType.FS_DAX)
    const space = registry.addressSpace(1)
    space.map({ first: PAGE, last: PAGE + 65_535, file: null, pgoff: 0, writable: true })
    const entry = { writable: true, devmap: true, special: true, protnone: false, young: false, dirty: false }
    for (let n = 0; n < 65_536; n++) space.setPte(PAGE + n, { ...entry, pfn: PFN + n })
    expect(finish(registry.userPages.pages(space, PAGE, 65_536, foll.GET)).pfns.length).toBe(65_536)
  })
})

describe('pins and teardown', () => {
  test('vector 22, 6.1: unmapping goes through with a page taken, whose count is 2 when its memory goes', () => {
    const live = new Live()
    const p = live.map()
    const { space } = live.space()
    live.gup(space, 1, foll.GET)
    expect(live.registry.memunmapPages(p)).toBe(true)
    expect(live.violations.map((v) => [v.rule, v.certainty])).toEqual([['memremap/referenced-at-removal', 'certain']])
  })

  test('the walk itself holds the pagemap: unmapping waits for it', () => {
    const live = new Live()
    const p = live.map()
    const { space } = live.space()
    live.between(live.registry.userPages.pages(space, PAGE, 8, foll.GET | foll.FAST_ONLY), 4, () => {
      expect(live.registry.memunmapPages(p)).toBe(false)
    })
    expect(live.registry.memunmapPages(p)).toBe(true)
  })

  test('an entry without a pagemap flag is nothing to take', () => {
    const live = new Live()
    live.map()
    const { space } = live.space({ pages: 1, device: new LinearDax(PFN, 1, pfnFlags.DEV) })
    expect(live.gup(space, 1, foll.GET)).toBe(errno.EEXIST)
  })
})
