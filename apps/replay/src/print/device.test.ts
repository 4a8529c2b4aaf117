import { expect, test } from 'vitest'
import { deviceTree, pageRefText, type Printing } from './device.ts'
import { styleOf } from './style.ts'
import { printBranch } from './tree.ts'
import { HOLDERS_SHOWN_MAX, seqsIn, type DeviceView, type PageRefView } from '@devtrail/survey'

const event = { seq: 40, entry: 63, time: 8_342_426_000, device: 1, cpu: 1, actor: null, cause: [], type: 'memremap/grabbed', data: {} }
const p: Printing = { style: styleOf({}, {}), digits: 6, eventsAt: new Map([[40, event]]) }
const ref: PageRefView = {
  pfn: '0x109300',
  pages: 16,
  order: 0,
  refcount: 2,
  idle: 1,
  kind: 'get',
  takenBy: { pid: 135, comm: 'pin' },
  since: { first: 40, last: 85 },
}

test('page references are folded into one line with count, flag, taker and since when', () => {
  expect(pageRefText(p, ref)).toBe('16 pages 0x109300..0x10930f, count 2, FOLL_GET by pin (135), since 8.342426 (events 40–85)')
})

test('one page, a pin, a taker and an event that are not known', () => {
  const one: PageRefView = {
    ...ref,
    pages: 1,
    kind: 'pin',
    takenBy: null,
    since: { first: 7, last: 7 },
    refcount: { atLeast: 1, atMost: null },
  }
  expect(pageRefText(p, one)).toBe('page 0x109300, count ≥ 1, FOLL_PIN by ? (?), since event 7 (event 7)')
  expect(pageRefText(p, { ...one, kind: null, since: null })).toBe('page 0x109300, count ≥ 1, taken by ?')
})

test('how many pages there are at least, where their order is not known', () => {
  const bounded: PageRefView = { ...ref, pages: { atLeast: 3, atMost: null }, order: null }
  expect(pageRefText(p, bounded)).toMatch(/^≥ 3 pages from 0x109300, count 2, /)
  expect(pageRefText(p, { ...bounded, pages: { atLeast: 1, atMost: null } })).toMatch(/^≥ 1 page from 0x109300, /)
})

test('holders that are alike are one, and no more than a few are named', () => {
  const grep = { pid: 143, comm: 'grep', kind: 'get' as const, refs: 1 }
  const three: PageRefView = { ...ref, holders: [grep, grep, { ...grep, kind: 'pin' }, grep] }
  expect(pageRefText(p, three)).toContain(', 3× FOLL_GET by grep (143), FOLL_PIN by grep (143), since')
  const many: PageRefView = { ...ref, holders: Array.from({ length: 100 }, (_, pid) => ({ ...grep, pid })) }
  expect(pageRefText(p, many)).toContain(`FOLL_GET by grep (${HOLDERS_SHOWN_MAX - 1}) and ${100 - HOLDERS_SHOWN_MAX} more, since`)
})

test('pagemaps, regions and pages that may be gone are shown as such', () => {
  const pagemap = {
    id: '0xff3f',
    ranges: null,
    type: null,
    state: null,
    altmap: null,
    ref: { id: null, mode: null, dying: null, count: null },
    pageRefs: { known: [], possible: [ref], complete: false },
  }
  const view: DeviceView = {
    kind: null,
    regions: { known: [], possible: [{ start: '0x0', end: '0xfff', name: 'a' }], complete: true },
    pagemaps: { known: [], possible: [pagemap], complete: false },
  }
  const out = printBranch(deviceTree(p, 'pfn0.0', view))
  expect(out).toContain('region    ? perhaps 0x0–0xfff')
  expect(out).toContain('pagemap   ? perhaps range ? type ?, state ?')
  expect(out).toContain('pages     ? perhaps 16 pages 0x109300..0x10930f')
  expect(seqsIn(view)).toEqual([40])
})

test('a device of which nothing is known says so', () => {
  const unknown: DeviceView = {
    kind: null,
    driver: { name: null, state: null },
    presence: 'present',
    devres: { known: [], complete: false },
  }
  expect(printBranch(deviceTree(p, 'pfn0.0', unknown))).toBe('pfn0.0  kind ?, driver ?\n└─ devres    ? not known\n')
})

test('the whole of a device as a tree', () => {
  const view: DeviceView = {
    kind: 'nd-pfn',
    presence: 'present',
    driver: { name: 'nd_pmem', state: 'bound' },
    devres: { known: [{ name: 'devm_region_release', size: 24, addedAt: null }], complete: false },
    regions: { known: [{ start: '0x100000000', end: '0x13fffffff', name: 'namespace0.0' }], complete: true },
    pagemaps: {
      known: [
        {
          id: '0xff3fdf9170e6c0b0',
          ranges: [{ start: '0x100000000', end: '0x13fffffff' }],
          learntAt: 121,
          type: 'MEMORY_DEVICE_FS_DAX',
          state: 'live',
          altmap: { basePfn: '0x100000', reserve: 2, free: 4606, alloc: 4096 },
          ref: { id: null, mode: 'percpu', dying: false, count: { atLeast: 1, atMost: null } },
          pageRefs: { known: [ref], complete: true },
        },
      ],
      complete: true,
    },
    disk: { name: 'pmem0', state: 'added' },
    queue: null,
  }
  expect(printBranch(deviceTree(p, 'pfn0.0', view))).toBe(
    `${[
      'pfn0.0  nd-pfn, bound to nd_pmem',
      '├─ devres    1 resource, oldest first ? and maybe more',
      '│  └─ devm_region_release 24 B added before the recording',
      '├─ region    0x100000000–0x13fffffff (1 GiB) namespace0.0',
      '├─ pagemap   0x100000000–0x13fffffff (1 GiB) MEMORY_DEVICE_FS_DAX, live (range and owner learnt at event 121)',
      '│  ├─ struct    0xff3fdf9170e6c0b0',
      '│  ├─ altmap    base pfn 0x100000, 2 reserved, 4096 of 4606 pages allocated',
      '│  ├─ ref       percpu, count ≥ 1, dying no',
      '│  └─ pages     16 pages 0x109300..0x10930f, count 2, FOLL_GET by pin (135), since 8.342426 (events 40–85)',
      '└─ disk      pmem0 added',
    ].join('\n')}\n`,
  )
})
