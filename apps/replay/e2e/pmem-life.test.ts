/** A whole life of a simulated pmem device in one log, as the command shows it at any moment; and what the series leaks in it. */
import type { AnyEvent } from '@devtrail/events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scratch } from './devtrail.ts'

const PIN = { pid: 135, comm: 'pin' }
const LEFT = 'memremap/mapping-left'

let scratch: Scratch
beforeAll(() => {
  scratch = new Scratch()
})
afterAll(() => scratch[Symbol.dispose]())

/** Its log in the cache, where it is made once. */
const simulated = async (scenario: string, rules: string): Promise<string> =>
  (await scratch.json(['simulate', scenario, '--rules', rules])).log as string

const brokenIn = async (log: string): Promise<string[]> => {
  const { violations } = await scratch.json(['check', log])
  return [...new Set<string>(violations.map((v: { rule: string }) => v.rule))].toSorted()
}

const read = new Map<string, AnyEvent[]>()

/** The events of a log whose types have a part. */
async function eventsOf(log: string, part: string): Promise<AnyEvent[]> {
  let events = read.get(log)
  if (events === undefined) {
    const { out } = await scratch.run(['events', log, '--json'])
    events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AnyEvent)
    read.set(log, events)
  }
  return events.filter(({ type }) => type.includes(part))
}

describe('linux-6.1: made, mapped with an altmap, written, faulted, referenced, unbound under load, bound again', () => {
  let log: string
  beforeAll(async () => {
    log = await simulated('whole-life', 'linux-6.1')
  })
  const stateAt = async (seq: number, device = 'pfn0.0'): Promise<Record<string, unknown>> =>
    (await scratch.json(['state', log, '--device', device, '--at', String(seq)])).devices[device]

  test('no rule is broken', async () => {
    expect(await brokenIn(log)).toEqual([])
  })

  test('bound: region, pagemap with its altmap, disk and queue', async () => {
    const bound = (await eventsOf(log, 'pmem/attach-disk-ended'))[0]!.seq
    const state = await stateAt(bound)
    expect(state).toMatchObject({
      kind: 'nd-pfn',
      regions: { known: [{ start: '0x100000000', end: '0x13fffffff', name: 'namespace0.0' }] },
      pagemaps: {
        known: [{ type: 'MEMORY_DEVICE_FS_DAX', state: 'live', altmap: { basePfn: '0x100000', reserve: 2, free: 4606, alloc: 4096 } }],
      },
      disk: { name: 'pmem0', state: 'added' },
      queue: { frozen: 0, dying: false, ref: { mode: 'percpu', dying: false, count: 1 } },
    })
    expect(await stateAt(bound, 'namespace0.0')).toMatchObject({ kind: 'nd-namespace', holder: 'pfn0.0' })
    expect(Object.keys((await scratch.json(['state', log, '--device', 'pmem0', '--at', String(bound)])).devices)).toContain('pfn0.0')
  })

  test('written, then faulted and referenced: who has the pages', async () => {
    const written = await eventsOf(log, 'pmem/bvec-done')
    expect(written.map(({ data }) => data['errno'])).toEqual(Array.from({ length: 4 * 2 + 4 }, () => 0))
    expect(await eventsOf(log, 'fault-ended')).toHaveLength(16)
    const taken = (await eventsOf(log, 'references-handed'))[1]!.seq
    const { refs } = await scratch.json(['refs', log, '--at', String(taken)])
    const pages = refs.filter((r: { of: string }) => r.of === 'page')
    expect(pages).toMatchObject([
      { device: 'pfn0.0', pfn: '0x109300', pages: 4, refcount: 3, takenBy: PIN },
      { device: 'pfn0.0', pfn: '0x109304', pages: 12, refcount: 2, takenBy: PIN },
    ])
  })

  test('unbound under load: who waits for what, and what is taken apart by then', async () => {
    const waits = (await eventsOf(log, 'queue-wait-started')).map(({ seq }) => seq)
    const [waiting] = waits
    const { tasks } = await scratch.json(['stuck', log, '--at', String(waiting)])
    expect(JSON.stringify(tasks)).toContain("the queue's usage counter to drop to zero")
    expect(await stateAt(waiting!)).toMatchObject({
      disk: { name: 'pmem0', state: 'removed' },
      queue: { frozen: 1, dying: true, ref: { dying: true } },
    })
    // Pages are given back while it waits, and the memory goes after that.
    const given = (await eventsOf(log, 'memremap/put')).map(({ seq }) => seq)
    const gone = (await eventsOf(log, 'memremap/memory-removed'))[0]!.seq
    expect(waiting).toBeLessThan(given[0]!)
    expect(given.at(-1)).toBeLessThan(gone)
    const unbound = (await eventsOf(log, 'devres/release-all-ended')).find(({ seq }) => seq > gone)!.seq
    expect(await stateAt(unbound)).toMatchObject({ regions: { known: [] }, pagemaps: { known: [] } })
  })

  test('bound again: what was written is there to be read', async () => {
    expect(await stateAt((await eventsOf(log, 'log/ended'))[0]!.seq)).toMatchObject({
      driver: { name: 'nd_pmem', state: 'bound' },
      pagemaps: { known: [{ state: 'live', pageRefs: { known: [] } }] },
      disk: { name: 'pmem0', state: 'added' },
    })
  })
})

describe('seed', () => {
  test('the pagemap’s reference is the queue’s: both are shown to count pages and requests', async () => {
    const log = await simulated('whole-life', 'seed')
    const waiting = (await eventsOf(log, 'queue-wait-started'))[0]!.seq
    const { devices } = await scratch.json(['state', log, '--device', 'pfn0.0', '--at', String(waiting)])
    const { pagemaps, queue } = devices['pfn0.0']
    expect(pagemaps.known[0].ref).toEqual({ id: queue.ref.id, mode: queue.ref.mode, dying: true, count: queue.ref.count })
    // 16 pages, 4 of them twice; fio; and the one that the switch to atomic has until a grace period is over.
    expect(queue.ref.count).toBe(22)
    expect((await scratch.run(['refs', log, '--at', String(waiting)])).out).toMatch(/pagemap {2}pfn0\.0 .* live, \w+, count 22/)
  })

  test('a page that nobody gives back: the unbind waits for ever', async () => {
    const scenario = JSON.parse((await scratch.run(['simulate', 'whole-life', '--print'])).out) as {
      tasks: { comm: string; steps: unknown[] }[]
    }
    const pin = scenario.tasks.find(({ comm }) => comm === 'pin')!
    pin.steps = pin.steps.slice(0, 3)
    const log = scratch.path('held.log')
    const { hung } = await scratch.json(['simulate', scratch.write('held.json', JSON.stringify(scenario)), '--rules', 'seed', '-o', log])
    expect(hung.map(({ comm }: { comm: string }) => comm)).toEqual(['ndctl', 'fio'])
    const { tasks } = await scratch.json(['stuck', log])
    expect(tasks).toMatchObject([{ pid: 102 }])
    expect((await scratch.json(['state', log, '--device', 'pfn0.0'])).devices['pfn0.0']).toMatchObject({ driver: { state: 'unbinding' } })
  })

  test.each([
    ['whole-life', 'nvdimm-pmem/counter-dangles', []],
    ['failed-mapping', 'nvdimm-pmem/queue-leaked', []],
    ['lost-mapping', 'nvdimm-pmem/served-without-mapping', []],
  ])('%s: %s', async (scenario, rule, later) => {
    expect(await brokenIn(await simulated(scenario, 'seed'))).toEqual([LEFT, rule])
    expect(await brokenIn(await simulated(scenario, 'linux-6.1'))).toEqual(later)
  })
})
