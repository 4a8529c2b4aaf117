/** Faults of DAX files: section 4 of the memremap notes, fault side, and vector 21; section 5, vector 22. */
import { errno } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { Live, PAGE, PFN, TASK } from '../../test/live.ts'
import { foll } from '../page/foll.ts'
import { pfnFlags } from '../page/pfn-t.ts'
import { finish } from '../tasks.ts'
import { entryOf } from './address-space.ts'
import { physToPfnT } from '../page/pfn-t.ts'
import { LinearDax } from './dax-device.ts'
import { DaxFile } from './dax-file.ts'

const both = ['seed', 'linux-6.1'] as const
const results = (live: Live): unknown[] => live.said('fault-ended').map(({ data }) => [data['pmd'], data['result'], data['errno']])

function about(value: bigint, pmd: boolean): boolean[] {
  const { devmap, special } = entryOf(value, true, pmd)
  return [devmap, special]
}

test('an entry says DEVMAP for a page of a pagemap and SPECIAL for any other; one of 2 MiB is never both', () => {
  const devmap = physToPfnT(1n << 32n, pfnFlags.DEV | pfnFlags.MAP)
  const other = physToPfnT(1n << 32n, pfnFlags.DEV)
  expect([about(devmap, false), about(devmap, true), about(other, false), about(other, true)]).toEqual([
    [true, true],
    [true, false],
    [false, true],
    [false, true],
  ])
})

describe.each(both)('%s', (rules) => {
  test('a mapped entry holds nothing of the device, of the pagemap or of the page', () => {
    const live = new Live({ rules })
    const p = live.map()
    const R = live.ref(p)
    const { device, space } = live.space()
    expect([device.users, live.ref(p), live.count(PFN), space.find(PAGE)?.entry.pfn]).toEqual([0, R, 1, PFN])
    expect([...live.state.spaces.get(TASK.pid)!.entries.keys()]).toEqual(Array.from({ length: 8 }, (_, n) => PAGE + n))
  })

  test('the device is used while it is asked', () => {
    const live = new Live({ rules })
    live.map()
    const device = new LinearDax(PFN, 8)
    const used: number[] = []
    const asked = Object.assign(Object.create(device) as LinearDax, {
      directAccess: (page: number, pages: number) => {
        used.push(device.users)
        return device.directAccess(page, pages)
      },
      enter: () => device.enter(),
      exit: () => device.exit(),
    })
    live.faulted({ device: asked, blocks: [0] })
    expect([used, device.users]).toEqual([[1], 0])
  })

  test('a device that is gone gives a signal', () => {
    const live = new Live({ rules })
    live.map()
    const device = new LinearDax(PFN, 8)
    device.kill()
    live.faulted({ device, blocks: [0] })
    expect(results(live)).toEqual([[false, 'sigbus', rules === 'seed' ? errno.EIO : errno.ENXIO]])
  })

  test('vector 21: 2 MiB whose first pfn is none of 2 MiB fall back to a small page', () => {
    const live = new Live({ rules })
    live.map()
    live.faulted({ device: new LinearDax(0x100201, 1024), blocks: Array.from({ length: 512 }, (_, n) => n), pmd: true })
    expect(results(live)).toEqual([
      [true, 'fallback', rules === 'seed' ? 0 : errno.EINVAL],
      [false, 'mapped', 0],
    ])
  })

  test('as do 2 MiB that are not whole, or lie differently in the file', () => {
    const live = new Live({ rules })
    live.map()
    live.faulted({ device: new LinearDax(PFN, 300), blocks: Array.from({ length: 512 }, (_, n) => n), pmd: true })
    live.faulted({ device: new LinearDax(PFN, 1024), blocks: [1, 0, ...Array.from({ length: 510 }, (_, n) => n + 2)], pmd: true })
    live.faulted({ device: new LinearDax(PFN, 1024), blocks: [0, 2, 1, ...Array.from({ length: 509 }, (_, n) => n + 3)], pmd: true })
    expect(live.said('fault-ended').map((e) => e.data['result'])).toEqual([1, 2, 3].flatMap(() => ['fallback', 'mapped']))
  })

  test('as do 2 MiB that begin elsewhere in the file than in memory', () => {
    const live = new Live({ rules })
    live.map()
    const file = new DaxFile(1, new LinearDax(PFN, 1024), [900, ...Array.from({ length: 512 }, (_, n) => n)])
    const space = live.registry.addressSpace(TASK.pid)
    space.map({ first: PAGE, last: PAGE + 511, file, pgoff: 1, writable: true })
    finish(live.registry.faults.fault(space, PAGE, { pmd: true }))
    expect(live.said('fault-ended').map((e) => e.data['result'])).toEqual(['fallback', 'mapped'])
  })

  test('an error with 2 MiB: a signal in the seed, another try under 6.1', () => {
    const live = new Live({ rules })
    live.map()
    const device = new LinearDax(PFN, 1024)
    device.kill()
    live.faulted({ device, blocks: Array.from({ length: 512 }, (_, n) => n), pmd: true })
    const small = [false, 'sigbus', errno.ENXIO]
    expect(results(live)).toEqual(rules === 'seed' ? [[true, 'sigbus', errno.EIO]] : [[true, 'fallback', errno.ENXIO], small])
  })

  test('behind the end of a file, outside of it, and for writing where that is not allowed: a signal', () => {
    const live = new Live({ rules })
    live.map()
    const { space, file } = live.space({ pages: 2 })
    space.map({ first: PAGE + 100, last: PAGE + 103, file, pgoff: 0, writable: false })
    const fault = (page: number, write: boolean): string => finish(live.registry.faults.fault(space, page, { write }))
    expect([fault(PAGE + 102, false), fault(PAGE + 50, false), fault(PAGE + 100, true), fault(PAGE + 100, false)]).toEqual([
      'sigbus',
      'sigbus',
      'sigbus',
      'mapped',
    ])
  })

  test('a page that the file loses before its entry is in is not mapped', () => {
    const live = new Live({ rules })
    live.map()
    const { space, file } = live.space({ pages: 2 })
    space.zap(PAGE, PAGE + 1)
    const result = live.between(live.registry.faults.fault(space, PAGE + 1), 1, () => finish(live.registry.truncate(file, 1)))
    expect([result, space.find(PAGE + 1)]).toEqual(['sigbus', null])
  })
})

describe('giving up blocks', () => {
  test('6.1 unmaps them and waits until nobody references them', () => {
    const live = new Live()
    live.map()
    const { space, file } = live.space()
    live.gup(space, 8, foll.GET)
    const steps = live.registry.truncate(file, 2)
    live.as({ pid: 9, comm: 'truncate' }, () => expect(steps.next().done).toBe(false))
    expect([space.find(PAGE + 2), space.find(PAGE + 1)?.entry.pfn, file.blocks.length]).toEqual([null, PFN + 1, 8])
    expect(live.registry.waits.sleeping.get(9)?.waitsFor).toBe(PFN + 2)
    for (let n = 0; n < 8; n++) live.registry.putPage(PFN + n)
    expect(steps.next().done).toBe(true)
    expect([file.blocks.length, live.said('blocks-freed').length, live.broken]).toEqual([2, 6, []])
  })

  test('the seed gives them up at once, and somebody has their pages', () => {
    const live = new Live({ rules: 'seed' })
    live.map()
    const { space, file } = live.space()
    live.gup(space, 1, foll.GET)
    finish(live.registry.truncate(file, 0))
    expect(live.violations.map((v) => [v.rule, v.summary])).toEqual([
      ['memremap/freed-block-referenced', 'a file gave up page 0x100000 while it was referenced by task (pid 7)'],
    ])
  })

  test('two truncations of a file come one after the other: the second waits for the lock of the inode', () => {
    const live = new Live()
    live.map()
    const { space, file } = live.space({ pages: 2 })
    live.gup(space, 1, foll.GET)
    const [first, second] = [live.registry.truncate(file, 0), live.registry.truncate(file, 1)]
    live.as({ pid: 9, comm: 'truncate' }, () => first.next())
    const pause = live.as({ pid: 10, comm: 'truncate' }, () => second.next()).value
    expect([pause?.what, pause?.until?.(), file.truncating]).toEqual(['the lock of the inode', false, false])
    live.registry.putPage(PFN)
    expect([first.next().done, pause?.until?.(), second.next().done]).toEqual([true, true, true])
    expect([file.blocks.length, live.said('blocks-freed').length, live.broken]).toEqual([0, 2, []])
  })

  test('a page that was given up is not waited for again when the file has grown over it', () => {
    const live = new Live()
    live.map()
    const { space, file } = live.space({ pages: 2 })
    live.as(TASK, () => finish(live.registry.truncate(file, 1)))
    live.registry.grabPage(PFN + 1, foll.GET)
    file.blocks.push(7)
    expect(finish(live.registry.faults.fault(space, PAGE))).toBe('mapped')
    live.as(TASK, () => finish(live.registry.truncate(file, 0)))
    expect(live.said('blocks-freed').map((e) => e.data['pfn'])).toEqual([PFN + 1, PFN])
  })

  test('a file that is not longer is left alone', () => {
    const live = new Live()
    const { file } = live.space({ pages: 2 })
    const before = live.events.length
    finish(live.registry.truncate(file, 2))
    expect(live.events.length).toBe(before)
  })
})

test('addresses are those of a process, and areas do not overlap', () => {
  const live = new Live()
  const { space, vma } = live.space({ pages: 2 })
  expect(() => space.map({ first: PAGE + 1, last: PAGE + 3, file: null, pgoff: 0, writable: true })).toThrow('mapped already')
  space.unmap(vma)
  expect([space.find(PAGE), space.vmaAt(PAGE)]).toEqual([null, null])
})
