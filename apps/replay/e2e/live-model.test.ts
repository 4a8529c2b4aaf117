/** Logs that the live models write are answered as recordings are. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DriverCore, LiveDevice } from '@devtrail/devres'
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { foll, memoryType, pmemLayout, PagemapRegistry } from '@devtrail/memremap'
import { Resource, ResourceTree } from '@devtrail/resource-tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT, Scratch } from './devtrail.ts'
import { writeLog } from './written-log.ts'

const RANGE = { start: 0x100000000n, end: 0x13fffffffn }
const PIN = { pid: 135, comm: 'pin' }
const SH = { pid: 102, comm: 'sh' }

/** A device of fsdax memory that is bound, 16 pages of it taken, unbound, and the pages given back: the story of fsdax-pinned-unbind. */
function pinnedUnbind(): { events: AnyEvent[]; removedAt: number } {
  const events: AnyEvent[] = []
  const clock = new ManualClock()
  const emitter = new Emitter(clock, (event) => events.push(event))
  const ids = new Ids()
  const iomem = new ResourceTree(emitter, ids, { name: 'iomem', start: 0n, end: 2n ** 64n - 1n })
  iomem.requestResource(new Resource(RANGE.start, 0x17fffffffn, 'Persistent Memory'))
  const registry = new PagemapRegistry(emitter, ids, { iomem })
  const core = new DriverCore({ events: emitter, ids, rules: 'linux-6.1', queueWork: (work) => work() })
  const as = (actor: typeof PIN, what: () => void): void => {
    clock.advance(1_000_000)
    emitter.actor = actor
    what()
  }
  const device = new LiveDevice(core, { name: 'pfn0.0', bus: 'nd', kind: 'nd-pfn' })
  const releaseRegion = (size: bigint): void => void iomem.releaseRegion(RANGE.start, size)
  const probe = ({ resources }: LiveDevice): number => {
    const size = RANGE.end - RANGE.start + 1n
    iomem.identifyOwner(iomem.requestRegion(RANGE.start, size, 'namespace0.0')!, device.id)
    resources.addAction(releaseRegion, size)
    const { altmap } = pmemLayout(RANGE.start, size, 'dev')!
    const mapped = registry.devmMemremapPages(device, { ranges: [RANGE], type: memoryType.FS_DAX, altmap })
    return typeof mapped === 'number' ? mapped : 0
  }
  as(SH, () => expect(device.probe({ name: 'nd_pmem', probe })).toBe(0))
  as(PIN, () => registry.getUserPages(0x109300, 16, foll.GET))
  as(SH, () => device.unbind())
  as(PIN, () => expect(registry.putPages(0x109300, 16, 'get', 'put_page')).toBe('gone'))
  emitter.actor = null
  emitter.emit('log/ended', { complete: true })
  return { events, removedAt: events.find((e) => e.type === 'memremap/memory-removed')!.seq }
}

let scratch: Scratch
beforeAll(() => {
  scratch = new Scratch()
})
afterAll(() => scratch[Symbol.dispose]())

describe('a device torn down under referenced pages, by the live models', () => {
  const { events, removedAt } = pinnedUnbind()
  let log: string
  beforeAll(async () => {
    log = await writeLog(scratch.path('pinned.log'), events)
  })

  test('check names the rule, the pages and who took them, as of fsdax-pinned-unbind', async () => {
    const { violations } = await scratch.json(['check', log])
    const certain = violations.filter((v: { certainty: string }) => v.certainty === 'certain')
    const rules = new Set(certain.map((v: { rule: string }) => v.rule))
    expect(rules).toEqual(new Set(['memremap/referenced-at-removal', 'memremap/put-after-removal']))
    expect(certain[0]).toMatchObject({ seq: removedAt, data: { pages: { certain: 16 }, firstPfn: '0x109300', takenBy: [PIN] } })
    expect((await scratch.run(['check', log])).code).toBe(1)
  })

  test('state at the event that took the memory, in the shape that recordings have', async () => {
    const state = await scratch.json(['state', log, '--at', String(removedAt), '--device', 'pfn0.0'])
    const device = state.devices['pfn0.0']
    expect(device).toMatchObject({ kind: 'nd-pfn', driver: { name: 'nd_pmem', state: 'unbinding' } })
    expect(device.regions.known).toMatchObject([{ start: '0x100000000', end: '0x13fffffff', name: 'namespace0.0' }])
    expect(device.pagemaps.known[0]).toMatchObject({
      ranges: [{ start: '0x100000000', end: '0x13fffffff' }],
      type: 'MEMORY_DEVICE_FS_DAX',
      state: 'unmapping',
      altmap: { basePfn: '0x100000', reserve: 2, free: 4606, alloc: 4096 },
      ref: { mode: 'atomic', dying: true, count: 0 },
      pageRefs: { known: [{ pfn: '0x109300', pages: 16, order: 0, refcount: 2, idle: 1, kind: 'get', takenBy: PIN }] },
    })
    const { refs } = await scratch.json(['refs', log, '--at', String(removedAt)])
    expect(refs.filter((r: { of: string }) => r.of === 'page')).toMatchObject([{ pfn: '0x109300', pages: 16, takenBy: PIN, certain: true }])
  })

  test('iomem before and after', async () => {
    const before = await scratch.run(['iomem', log, '--at', String(removedAt)])
    expect(before.out).toBe('100000000-17fffffff : Persistent Memory\n  100000000-13fffffff : namespace0.0\n')
    expect((await scratch.run(['iomem', log])).out).toBe('100000000-17fffffff : Persistent Memory\n')
  })
})

test('a wait that never ends: stuck names the task, the call and what it waits for', async () => {
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
  const registry = new PagemapRegistry(emitter, new Ids())
  emitter.actor = SH
  const pagemap = registry.memremapPages(1, RANGE, memoryType.FS_DAX)
  emitter.actor = PIN
  registry.getDevPagemap(0x109300)
  emitter.actor = SH
  expect(typeof pagemap === 'number' || registry.memunmapPages(pagemap)).toBe(false)
  const log = await writeLog(scratch.path('hung.log'), events)
  const { tasks } = await scratch.json(['stuck', log])
  expect(tasks.map((task: { pid: number }) => task.pid)).toContain(SH.pid)
  const { out } = await scratch.run(['stuck', log])
  expect(out).toMatch(/in memunmap_pages on .* waits for the pagemap's reference to drop to/)
})

describe('counterexamples that were found by search, as logs', () => {
  const folder = join(ROOT, 'packages/memremap/test/counterexamples')
  const broken: { readonly [file: string]: string } = {
    'lost-wake-up.jsonl': 'memremap/idle-waiter-not-woken',
    'pinned-unbind.jsonl': 'memremap/referenced-at-removal',
    'put-after-removal.jsonl': 'memremap/put-after-removal',
    'seed-freed-block.jsonl': 'memremap/freed-block-referenced',
    'seed-lookups-left.jsonl': 'memremap/walk-lookups-unbalanced',
    'seed-page-unmapped-meanwhile.jsonl': 'memremap/page-of-no-translation',
    'seed-pages-not-waited-for.jsonl': 'memremap/referenced-at-removal',
    'seed-put-after-removal.jsonl': 'memremap/put-after-removal',
    'seed-record-freed-under-lookup.jsonl': 'memremap/freed-under-lookup',
    'seed-reference-not-waited-for.jsonl': 'memremap/ref-held-at-removal',
    'seed-two-hot-removes.jsonl': 'memremap/hotplug-overlaps',
    'truncate-hang.jsonl': 'memremap/idle-waiter-not-woken',
  }

  test.each(Object.entries(broken))('devtrail check finds %s broken: %s', async (file, rule) => {
    const { out, code } = await scratch.run(['check', join(folder, file), '--json'])
    const { violations } = JSON.parse(out)
    const certain = violations.filter((v: { certainty: string }) => v.certainty === 'certain')
    expect(certain.map((v: { rule: string }) => v.rule)).toContain(rule)
    expect(code).toBe(1)
  })

  test('each of them is looked at here', () => {
    expect(readdirSync(folder).toSorted()).toEqual(Object.keys(broken))
  })
})
