/** A whole life of a simulated pmem device in one log, as the command shows it at any moment. */
import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import { foll, NeverEnds } from '@devtrail/memremap'
import { NvdimmMachine, type NdPfn } from '@devtrail/nvdimm-pmem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Scratch } from './devtrail.ts'
import { writeLog } from './written-log.ts'

const SH = { pid: 102, comm: 'sh' }
const DD = { pid: 140, comm: 'dd' }
const PIN = { pid: 135, comm: 'pin' }
const FIRST = 0x101200

interface Life {
  readonly events: AnyEvent[]
  readonly machine: NvdimmMachine
  readonly pfn: NdPfn
  readonly as: <T>(actor: typeof SH, what: () => T) => T
  /** The number of the newest event of a type. */
  readonly at: (type: string) => number
}

/** Made, mapped with its struct pages on itself, and bound. */
function begun(rules: 'seed' | 'linux-6.1'): Life {
  const events: AnyEvent[] = []
  const clock = new ManualClock()
  const emitter = new Emitter(clock, (event) => events.push(event))
  const as = <T>(actor: typeof SH, what: () => T): T => {
    clock.advance(1_000_000)
    emitter.actor = actor
    return what()
  }
  const machine = new NvdimmMachine({ emitter, rules })
  const pfn = as(SH, () => {
    const region = machine.addRegion({ start: 0x100000000n, size: 2 ** 30, labels: true })
    const ns = region.createNamespace()
    const taken = region.seed('pfn')
    for (const [name, value] of Object.entries({ mode: 'pmem', uuid: machine.newUuid(), namespace: ns.name })) taken.store(name, value)
    const error = machine.bind(taken)
    if (error !== 0) throw new Error(`binding ${taken.name} gave ${error}`)
    return taken
  })
  return { events, machine, pfn, as, at: (type) => events.findLast((e) => e.type === type)!.seq }
}

let scratch: Scratch
beforeAll(() => {
  scratch = new Scratch()
})
afterAll(() => scratch[Symbol.dispose]())

describe('linux-6.1: made, written to, its pages taken and given back, unbound under load, bound again', () => {
  const { events, machine, pfn, as, at } = begun('linux-6.1')
  const mapped = at('nvdimm-pmem/probe-ended')
  const disk = pfn.disk!
  as(PIN, () => machine.registry.getUserPages(FIRST, 16, foll.GET))
  const pinned = at('memremap/grabbed')
  as(PIN, () => machine.registry.putPages(FIRST, 16, 'get', 'put_page'))
  machine.background.spawn(DD, disk.submitSteps({ op: 'write', sector: 0, segments: [new Uint8Array(4096), new Uint8Array(4096)] }))
  machine.background.step()
  const writing = at('nvdimm-pmem/bio-queued')
  as(SH, () => machine.unbind(pfn))
  const waiting = at('nvdimm-pmem/queue-wait-started')
  const unbound = at('devres/release-all-ended')
  as(SH, () => machine.bind(pfn))

  let log: string
  beforeAll(async () => {
    log = await writeLog(scratch.path('life.log'), events)
  })
  const stateAt = async (seq: number): Promise<Record<string, unknown>> =>
    (await scratch.json(['state', log, '--device', 'pfn0.0', '--at', String(seq)])).devices['pfn0.0']

  test('no rule is broken', async () => {
    const { violations } = await scratch.json(['check', log])
    expect(violations).toEqual([])
  })

  test('bound: region, pagemap with its altmap, disk and queue', async () => {
    expect(await stateAt(mapped)).toMatchObject({
      kind: 'nd-pfn',
      driver: { name: 'nd_pmem', state: 'bound' },
      regions: { known: [{ start: '0x100000000', end: '0x13fffffff', name: 'namespace0.0' }] },
      pagemaps: {
        known: [{ type: 'MEMORY_DEVICE_FS_DAX', state: 'live', altmap: { basePfn: '0x100000', reserve: 2, free: 4606, alloc: 4096 } }],
      },
      disk: { name: 'pmem0', state: 'added' },
      queue: { id: disk.queue.pointer, frozen: 0, dying: false, ref: { id: disk.queue.usage.id } },
    })
  })

  test('its pages taken: who has them', async () => {
    const { refs } = await scratch.json(['refs', log, '--at', String(pinned)])
    const [page] = refs.filter((r: { of: string }) => r.of === 'page')
    expect(page).toMatchObject({ device: 'pfn0.0', pfn: '0x101200', takenBy: PIN })
  })

  test('unbound under load: who waits for what, and what is taken apart by then', async () => {
    const { tasks } = await scratch.json(['stuck', log, '--at', String(waiting)])
    expect(JSON.stringify(tasks)).toContain("the queue's usage counter to drop to zero")
    expect(waiting).toBeGreaterThan(writing)
    expect(await stateAt(waiting)).toMatchObject({ disk: { name: 'pmem0', state: 'removed' }, queue: { frozen: 1, dying: true } })
    expect(await stateAt(unbound)).toMatchObject({ regions: { known: [] }, pagemaps: { known: [] } })
  })

  test('the disk is an alias of the device; the namespace tells who holds it', async () => {
    const { devices } = await scratch.json(['state', log, '--device', 'pmem0', '--at', String(mapped)])
    expect(Object.keys(devices)).toContain('pfn0.0')
    const ns = (await scratch.json(['state', log, '--device', 'namespace0.0', '--at', 'end'])).devices['namespace0.0']
    expect(ns).toMatchObject({ kind: 'nd-namespace', holder: 'pfn0.0' })
  })
})

describe('seed: the same, with a page that nobody gives back', () => {
  const { events, machine, pfn, as } = begun('seed')
  const { queue } = pfn.disk!
  as(PIN, () => machine.registry.getUserPages(FIRST, 1, foll.GET))
  const hung = as(SH, () => {
    try {
      return machine.unbind(pfn)
    } catch (error) {
      return error
    }
  })

  let log: string
  beforeAll(async () => {
    log = await writeLog(scratch.path('seed.log'), events)
  })

  test('the unbind waits for ever, and the pagemap’s reference is the queue’s', async () => {
    expect(hung).toBeInstanceOf(NeverEnds)
    const { tasks } = await scratch.json(['stuck', log])
    expect(tasks).toMatchObject([{ pid: SH.pid }])
    const device = (await scratch.json(['state', log, '--device', 'pfn0.0'])).devices['pfn0.0']
    expect(device).toMatchObject({ driver: { state: 'unbinding' }, queue: { ref: { id: queue.usage.id } } })
    expect(device.pagemaps.known[0].ref.id).toBe(queue.usage.id)
  })
})

describe('seed: what it leaks', () => {
  test('check names the rules', async () => {
    const { events, machine, pfn, as } = begun('seed')
    as(SH, () => machine.unbind(pfn))
    pfn.store('mode', 'none')
    as(SH, () => expect(machine.bind(pfn)).toBe(-6))
    const log = await writeLog(scratch.path('leaks.log'), events)
    const { violations } = await scratch.json(['check', log])
    const rules = new Set(violations.map((v: { rule: string }) => v.rule))
    expect(rules).toEqual(new Set(['memremap/mapping-left', 'nvdimm-pmem/counter-dangles', 'nvdimm-pmem/queue-leaked']))
  })
})
