/** Vectors are those of the memremap notes, section 3. */
import { Emitter, Ids, ManualClock } from '@devtrail/events'
import { expect, test } from 'vitest'
import { GIB, Live, MIB, PFN } from '../../test/live.ts'
import { newAltmap } from '../altmap/altmap.ts'
import { PagemapRegistry } from '../pagemap-registry.ts'
import { memoryType } from '../pagemap/memory-type.ts'
import { finish } from '../tasks.ts'
import { foll } from './foll.ts'
import { PageBug, PageReferences } from './page-references.ts'
import { StructPages } from './struct-pages.ts'
import { memremapRules, type MemremapRules } from '../rules.ts'

test('vectors 8 and 9: behind the pagemap pointer the seed has a poison and 6.1 nothing', () => {
  for (const [rules, word1] of [
    ['seed', '0xdead000000000300'],
    ['linux-6.1', '0x0'],
  ] as const) {
    const live = new Live({ rules })
    const p = live.map()
    expect(live.registry.pages.words(PFN)).toEqual({ word0: p.pointer, word1 })
  }
})

test('vector 10: the seed warns that a device page is put on a list, links it, and its pagemap is lost', () => {
  const live = new Live({ rules: 'seed' })
  const p = live.map()
  const head = { pointer: '0xffff880000001000', next: '0xffff880000001000' }
  expect(live.registry.lists.addPage(PFN, head)).toBe(true)
  const words = live.registry.pages.words(PFN)!
  expect(words.word0).not.toBe(p.pointer)
  expect([words.word1, head.next]).toEqual([head.pointer, '0xffffea0004000020'])
  expect(live.broken).toEqual(['memremap/pagemap-pointer-overwritten'])
})

test('6.1 links it without a warning', () => {
  const live = new Live()
  live.map()
  expect(live.registry.lists.addPage(PFN, { pointer: '0x1000', next: '0x1000' })).toBe(false)
  expect(live.broken).toEqual(['memremap/pagemap-pointer-overwritten'])
  expect(() => live.registry.lists.addPage(1, { pointer: '0x1000', next: '0x1000' })).toThrow('no device page')
})

test('vectors 11 and 12: in the seed a get is one of the pagemap and one of the page; a put too many is a BUG', () => {
  const live = new Live({ rules: 'seed' })
  const p = live.map()
  live.registry.references.getPage(PFN)
  expect([live.count(PFN), live.ref(p)]).toEqual([2, 2])
  expect(live.registry.putPage(PFN)).toBe('idle')
  expect([live.count(PFN), live.ref(p)]).toEqual([1, 1])
  expect(() => live.registry.putPage(PFN)).toThrow(PageBug)
  expect([live.count(PFN), live.ref(p)]).toEqual([1, 1])
})

test('in the seed the pagemap is put before the page: memory can go between the two', () => {
  const live = new Live({ rules: 'seed' })
  const p = live.map()
  live.registry.references.getPage(PFN)
  const result = live.between(live.registry.references.putSteps(PFN), 1, () => {
    expect([live.count(PFN), live.ref(p)]).toEqual([2, 1])
    live.kill(p)
    live.registry.release(p)
  })
  expect(result).toBe('gone')
  expect(live.broken).toContain('memremap/referenced-at-removal')
})

test('vector 17: an FS_DAX page wakes at 2 to 1, and at nothing else', () => {
  const woken: number[] = []
  const live = new Live({ schedule: (task) => woken.push(1) && task() })
  live.map()
  live.registry.grabPage(PFN, foll.GET, 2)
  live.registry.startIdleWait([PFN])
  expect([live.registry.putPage(PFN), woken.length]).toEqual(['referenced', 0])
  expect([live.registry.putPage(PFN), woken.length, live.registry.waits.sleeping.size]).toEqual(['idle', 1, 0])
})

test('vector 18: under 6.1 a put too many goes unnoticed; the rule notices', () => {
  const live = new Live()
  live.map()
  expect([live.registry.putPage(PFN), live.count(PFN), live.said('page-freed').length]).toEqual(['referenced', 0, 0])
  expect(live.broken).toEqual(['memremap/put-beyond-last'])
  expect(live.registry.grabPage(PFN, foll.GET)).toBe(false)
  expect(() => live.registry.references.getPage(PFN)).toThrow('its count is 0')
})

test('vector 18: a page of another type is freed at 0, with one warning where there is no page_free', () => {
  const live = new Live()
  live.map({ type: memoryType.GENERIC })
  expect([live.registry.putPage(PFN), live.registry.putPage(PFN + 1), live.count(PFN)]).toEqual(['freed', 'freed', 0])
  expect(live.said('warned').map((e) => e.data['by'])).toEqual(['free_zone_device_page'])
  expect(live.said('page-freed').length).toBe(2)
})

test('vector 21: a pin counts 1024 on a small page and one on the head of a compound page', () => {
  const live = new Live()
  live.map()
  live.registry.grabPage(PFN, foll.PIN)
  expect(live.count(PFN)).toBe(1025)
  expect(live.registry.putPage(PFN, 'pin')).toBe('idle')
})

test('what is no number of references or pages, and no pfn, is refused, and nothing changes', () => {
  const live = new Live()
  live.map()
  live.map({ start: 5n * GIB })
  const { registry } = live
  registry.grabPage(0x13ffff, foll.GET)
  const said = live.events.length
  for (const n of [-1, 0, 0.5, Number.NaN]) {
    expect(() => registry.grabPage(PFN, foll.GET, n)).toThrow(RangeError)
    expect(() => registry.putPages(PFN, n, 'get', 'put_page')).toThrow(RangeError)
  }
  for (const pfn of [Number.NaN, -1, 0.5]) {
    expect(() => registry.grabPage(pfn, foll.GET)).toThrow('is no page frame number')
    expect(() => registry.references.getPage(pfn)).toThrow('is no page frame number')
    expect(() => registry.putPage(pfn)).toThrow('is no page frame number')
    expect(() => registry.getDevPagemap(pfn)).toThrow('is no page frame number')
  }
  expect(() => registry.putPages(0x13ffff, 2, 'get', 'bio')).toThrow('put those of each range by themselves')
  expect([live.count(PFN), live.count(0x13ffff), live.count(0x140000), live.events.length]).toEqual([1, 2, 1, said])
})

test('vector 22: a pfn is valid by its 2 MiB under 6.1, by its section in the seed', () => {
  for (const [rules, valid] of [
    ['linux-6.1', false],
    ['seed', true],
  ] as const) {
    const live = new Live({ rules })
    live.map({ start: 4n * GIB + 2n * MIB, size: 2n * MIB })
    expect(finish(live.registry.pages.pfnValid(0x100400))).toBe(valid)
    expect(finish(live.registry.pages.pfnValid(0x100200))).toBe(true)
    expect(finish(live.registry.pages.pfnValid(0x108000))).toBe(false)
  }
})

test('pgmap_pfn_valid: in the range and behind the altmap; pages of the altmap are of the zone and have no pagemap', () => {
  const live = new Live()
  const p = live.map({ altmap: newAltmap(PFN, 2, 4606) })
  const { registry } = live
  expect([PFN, PFN + 4607, PFN + 4608, 0x13ffff, 0x140000].map((pfn) => registry.pgmapPfnValid(p, pfn))).toEqual([
    false,
    false,
    true,
    true,
    false,
  ])
  expect([registry.pages.isZoneDevicePage(PFN), registry.pages.words(PFN)]).toEqual([true, null])
  expect([registry.pages.isZoneDevicePage(0x140000), registry.pages.isZoneDevicePage(PFN + 4608)]).toEqual([false, true])
})

interface Owner {
  readonly id: number
  readonly pointer: string
  readonly type: number
  readonly device: null
  readonly vmemmapShift: number
  readonly ops: { readonly pageFree: (pfn: number) => void }
  ref: number
  dead: boolean
}

/** Pages of a pagemap whose reference is a plain number. */
function standalone(rules: MemremapRules, type: number, vmemmapShift = 0, size = 512) {
  const live = new Live()
  const freed: number[] = []
  const pages = new StructPages<Owner>(live.emitter, rules)
  const owner: Owner = {
    id: 9,
    pointer: '0x9',
    type,
    device: null,
    vmemmapShift,
    ops: { pageFree: (pfn) => freed.push(pfn) },
    ref: 1,
    dead: false,
  }
  const range = pages.initDevice(owner, { devFirst: PFN, last: PFN + size - 1 })
  const hold = {
    get: (p: Owner, n: number): void => {
      p.ref += n
    },
    put: (p: Owner, n: number): void => {
      p.ref -= n
    },
    tryGetLive: (p: Owner): boolean => !p.dead && ++p.ref > 0,
  }
  const references = new PageReferences<Owner>({ emitter: live.emitter, rules, pages, hold, wake: () => {} })
  return { live, owner, range, references, freed }
}

test('vector 19: a PRIVATE page is idle at 0, holds its pagemap from when it is handed out until it is freed', () => {
  const { live, owner, references, freed } = standalone(memremapRules['linux-6.1'], memoryType.PRIVATE)
  expect(references.count(PFN)).toBe(0)
  expect(references.tryGrab(PFN, foll.GET)).toBe(false)
  references.initPage(PFN)
  expect([references.count(PFN), owner.ref]).toEqual([1, 2])
  expect([references.put(PFN), references.count(PFN), owner.ref, freed]).toEqual(['freed', 0, 1, [PFN]])
  expect(live.broken).toEqual([])
  owner.dead = true
  references.initPage(PFN)
  expect([references.count(PFN), owner.ref, live.said('warned').at(-1)?.data['by']]).toEqual([1, 1, 'zone_device_page_init'])
})

test('a GENERIC page with page_free is freed at 0, and has a count of 1 again', () => {
  const { references, freed, owner } = standalone(memremapRules['linux-6.1'], memoryType.GENERIC)
  expect([references.put(PFN), references.count(PFN), freed, owner.ref]).toEqual(['freed', 1, [PFN], 1])
})

test('vector 20: of 1 GiB in compound pages of 2 MiB 512 heads have a count, and a tail puts that of its head', () => {
  const { references, range, live } = standalone(memremapRules['linux-6.1'], memoryType.GENERIC, 9, 262144)
  expect([range.heads, range.count(PFN), range.count(PFN + 1)]).toEqual([512, 1, 0])
  references.getPage(PFN + 700)
  expect(references.tryGrab(PFN + 701, foll.PIN)).toBe(true)
  expect([range.count(PFN + 512), range.count(PFN + 700)]).toEqual([3, 0])
  expect(live.said('grabbed').map((e) => [e.data['head'], e.data['before']])).toEqual([
    [PFN + 512, 1],
    [PFN + 512, 2],
  ])
  expect([references.put(PFN + 701, { kind: 'pin' }), references.put(PFN + 700)]).toEqual(['referenced', 'idle'])
})

test('with nobody who listens the counts are the same, whoever comes to listen between, whatever is mapped between', () => {
  const quiet = new Emitter(new ManualClock())
  const registry = new PagemapRegistry(quiet, new Ids())
  const map = (gib: bigint): void => {
    registry.memremapPages(1, { start: gib * GIB, end: (gib + 1n) * GIB - 1n }, memoryType.FS_DAX)
  }
  const { references } = registry
  map(4n)
  for (let n = 0; n < 3; n++) references.getPage(PFN + n)
  references.getPage(PFN)
  expect([references.putPage(PFN), references.putPage(PFN + 1), registry.countOf(PFN), registry.countOf(PFN + 1)]).toEqual([
    'referenced',
    'idle',
    2,
    1,
  ])
  const heard: string[] = []
  const stop = quiet.tap((event) => heard.push(event.type))
  references.getPage(PFN)
  expect([references.putPage(PFN), references.putPage(PFN)]).toEqual(['referenced', 'idle'])
  stop()
  expect(heard).toEqual(['memremap/grabbed', 'memremap/put', 'memremap/put'])
  map(5n)
  references.getPage(0x140000)
  references.getPage(PFN)
  expect([registry.countOf(0x140000), registry.countOf(PFN)]).toEqual([2, 2])
  // Below the idle count nothing notices, and the next get is a BUG.
  expect([references.putPage(PFN + 9), registry.countOf(PFN + 9)]).toEqual(['referenced', 0])
  expect(() => references.getPage(PFN + 9)).toThrow(PageBug)
  registry.memunmapPages(registry.pagemaps.at(-1)!)
  expect([references.putPage(PFN), registry.countOf(PFN)]).toEqual(['gone', 0])
  expect(() => references.getPage(PFN)).toThrow('has no struct page')
})

test('who waits is woken with nobody listening too', () => {
  const quiet = new Emitter(new ManualClock())
  quiet.actor = { pid: 3, comm: 'truncate' }
  const registry = new PagemapRegistry(quiet, new Ids())
  registry.memremapPages(1, { start: 4n * GIB, end: 5n * GIB - 1n }, memoryType.FS_DAX)
  registry.references.getPage(PFN)
  const waiter = registry.startIdleWait([PFN])
  registry.references.putPage(PFN)
  expect(waiter.waitsFor).toBe(null)
})

test('where ranges overlap a reference counts on the page that is there, with nobody listening too', () => {
  const quiet = new Emitter(new ManualClock())
  const rules = memremapRules['linux-6.1']
  const pages = new StructPages<Owner>(quiet, rules)
  const owner = { pointer: '0x9', type: memoryType.FS_DAX, device: null, vmemmapShift: 0, ops: { pageFree: () => {} }, ref: 1, dead: false }
  const hold = { get: () => {}, put: () => {}, tryGetLive: () => true }
  const references = new PageReferences<Owner>({ emitter: quiet, rules, pages, hold, wake: () => {} })
  pages.initDevice({ ...owner, id: 1 }, { devFirst: 0x200, last: 0x3ff })
  pages.initDevice({ ...owner, id: 2 }, { devFirst: 0x300, last: 0x4ff })
  references.getPage(0x200)
  references.getPage(0x350)
  expect([pages.at(0x350)?.pagemap.id, pages.count(0x350), references.putPage(0x350)]).toEqual([2, 2, 'idle'])
})

test('a waiter that is scheduled when its page is referenced anew goes on to sleep, and looks for nothing', () => {
  const woken: (() => void)[] = []
  const live = new Live({ schedule: (task) => woken.push(task) })
  live.map()
  live.registry.grabPage(PFN, foll.GET)
  live.registry.startIdleWait([PFN])
  live.registry.putPage(PFN)
  live.registry.grabPage(PFN, foll.GET)
  for (const task of woken.splice(0)) task()
  expect([live.said('busy-lookup-started').length, live.registry.waits.sleeping.size]).toEqual([1, 1])
  live.registry.putPage(PFN)
  for (const task of woken) task()
  expect([live.said('busy-lookup-started').length, live.registry.waits.sleeping.size]).toEqual([2, 0])
})

test('what a list left in the words of a page goes with its memory: mapped anew it has its pagemap again', () => {
  const live = new Live()
  const p = live.map()
  live.registry.lists.addPage(PFN, { pointer: '0x1000', next: '0x1000' })
  expect(live.registry.pages.words(PFN)?.word0).not.toBe(p.pointer)
  live.registry.memunmapPages(p)
  expect(live.registry.pages.words(PFN)).toBe(null)
  const anew = live.map()
  expect(live.registry.pages.words(PFN)?.word0).toBe(anew.pointer)
})
