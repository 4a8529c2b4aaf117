import { describe, expect, it } from 'vitest'
import { Emitter, ManualClock, Vocabulary, eventFromJson, eventToJson } from '@devtrail/events'
import { percpuRefCatalogue } from './events.ts'
import { machineOf, refOn } from './machine.test-support.ts'
import { ALLOW_REINIT, INIT_ATOMIC } from './flags.ts'
import { percpuRefModel } from './model.ts'
import { PercpuRef } from './percpu-ref.ts'
import { PercpuRefBug } from './ref-struct.ts'
import { GracePeriods } from './scheduler.ts'
import { evolvePercpuRef, initialPercpuRef } from './state.ts'
import { Facts } from '@devtrail/events'

describe('PercpuRef', () => {
  it('says what led to what: kill, switch, confirm, release', () => {
    const { machine, gp, events } = machineOf('linux-6.1')
    machine.events.actor = { pid: 7, comm: 'ndctl' }
    const ref = refOn(machine, 0)
    ref.killAndConfirm(() => undefined)
    gp.pass()
    const chain: string[] = []
    for (let at = events.find((e) => e.type === 'percpu-ref/released'); at !== undefined; at = events.find((e) => e.seq === at!.cause[0])) {
      chain.push(at.type.slice('percpu-ref/'.length))
    }
    expect(chain).toEqual(['released', 'put', 'switch-started', 'killed'])
    expect(events.find((e) => e.type === 'percpu-ref/released')!.actor).toBeNull()
    expect(machine.events.actor).toEqual({ pid: 7, comm: 'ndctl' })
  })

  it('refuses use after exit, and exit twice does nothing', () => {
    const { machine, gp, events } = machineOf('linux-6.1')
    const ref = refOn(machine, 0)
    ref.kill()
    gp.pass()
    ref.exit()
    const said = events.length
    ref.exit()
    expect(events.length).toBe(said)
    for (const use of [
      () => ref.get(),
      () => ref.put(),
      () => ref.tryGet(),
      () => ref.kill(),
      () => ref.reinit(),
      () => ref.resurrect(),
      () => ref.switchToPercpu(),
    ]) {
      expect(use).toThrow(PercpuRefBug)
    }
  })

  it('refuses CPUs, flags and rules that are none before it allocates', () => {
    const { machine, events } = machineOf('linux-6.1')
    const asked: string[] = []
    const init =
      (more: object, flags: unknown = 0) =>
      () =>
        new PercpuRef(
          { ...machine, mayAllocate: (what) => asked.push(what) > 0, ...more },
          { id: '0x1', release: () => undefined, flags: flags as number },
        )
    for (const cpus of [-5, 0, 1.5, Number.NaN, 2 ** 40, '4'])
      expect(init({ cpus })).toThrow(/cpus is a whole number from 1 to 8192, found/)
    for (const flags of [-1, 8, 0.5, 'ALLOW_REINIT']) expect(init({}, flags)).toThrow(/flags are INIT_ATOMIC, INIT_DEAD and ALLOW_REINIT/)
    for (const rules of ['6.1', 'toString']) expect(init({ rules })).toThrow(`the rules are one of seed, linux-6.1; found ${rules}`)
    expect([asked, events]).toEqual([[], []])
  })

  it('is zero after exit when what the count kept is, without its top two bits', () => {
    const { machine, gp } = machineOf('linux-6.1')
    const ref = refOn(machine, INIT_ATOMIC)
    ref.switchToPercpu()
    gp.drain()
    ref.switchToAtomic()
    gp.drain()
    ref.put()
    ref.switchToPercpu()
    // The bias is all that the shared counter holds.
    expect([ref.snapshot().count, ref.isZero]).toEqual([2n ** 63n, false])
    ref.exit()
    expect(ref.isZero).toBe(true)
  })

  it('warns when what the CPUs counted is not positive, as a signed number', () => {
    for (const [puts, warned] of [
      [0, []],
      [1, [0n]],
      [2, [2n ** 64n - 1n]],
    ] as const) {
      const { machine, gp, events } = machineOf('linux-6.1')
      const ref = refOn(machine, ALLOW_REINIT)
      ref.get()
      ref.putMany(puts + 1)
      ref.kill()
      gp.drain()
      expect(events.filter(({ type }) => type === 'percpu-ref/warned').map(({ data }) => data['count'])).toEqual(warned)
    }
  })

  it('stops when a pending switch runs after exit', () => {
    const { machine, gp } = machineOf('seed')
    const ref = refOn(machine, 0)
    ref.kill()
    ref.exit()
    expect(() => gp.pass()).toThrow(/0xa0: its pending switch ran after percpu_ref_exit \(event \d+\)/)
  })

  it('refuses a CPU that is not there and numbers that are not counts', () => {
    const { machine } = machineOf('seed')
    const ref = refOn(machine, 0)
    machine.events.cpu = 3
    expect(() => ref.get()).toThrow(/there is no CPU 3: the machine has 3/)
    machine.events.cpu = 2
    for (const n of [-1, 1.5, 2 ** 53, Number.NaN]) expect(() => ref.getMany(n)).toThrow(RangeError)
    ref.getMany(Number.MAX_SAFE_INTEGER)
    expect(ref.snapshot().perCpu).toEqual([0n, 0n, BigInt(Number.MAX_SAFE_INTEGER)])
  })

  it.each(['', 1, undefined])('refuses %j for an id, which no event could name', (id) => {
    const { machine } = machineOf('linux-6.1')
    expect(() => new PercpuRef(machine, { id: id as string, release: () => {} })).toThrow(/^an id is a text/)
  })

  it('wraps its counters as the kernel does', () => {
    const { machine } = machineOf('seed')
    const ref = refOn(machine, 0)
    ref.put()
    expect(ref.snapshot().perCpu![0]).toBe((1n << 64n) - 1n)
  })

  it('runs its grace periods by itself in a real program', async () => {
    const scheduler = new GracePeriods(queueMicrotask)
    const released: string[] = []
    const ref = new PercpuRef(
      { events: new Emitter(new ManualClock()), scheduler, cpus: 1, rules: 'linux-6.1' },
      { id: '0x1', release: (r) => released.push(r.id) },
    )
    ref.kill()
    expect(released).toEqual([])
    await Promise.resolve()
    expect(released).toEqual(['0x1'])
  })

  it('says so when a wait can never end', () => {
    const { machine, gp } = machineOf('linux-6.1')
    const ref = refOn(machine, ALLOW_REINIT)
    ref.switchToAtomic((r) => r.switchToPercpu())
    expect(() => gp.pass()).toThrow(/a wait can never end/)
  })

  it('stores its events without loss', () => {
    const { machine, gp, events } = machineOf('linux-6.1')
    const ref = refOn(machine, ALLOW_REINIT)
    ref.get()
    ref.kill()
    gp.pass()
    ref.reinit()
    const vocabulary = new Vocabulary([percpuRefCatalogue])
    for (const event of events) expect(eventFromJson(vocabulary, JSON.parse(JSON.stringify(eventToJson(vocabulary, event))))).toEqual(event)
  })

  it('describes the refs of a device', () => {
    const { machine, events } = machineOf('linux-6.1')
    const ref = refOn(machine, 0)
    ref.get()
    ref.kill()
    const state = initialPercpuRef()
    for (const event of events) evolvePercpuRef(state, event)
    const view = percpuRefModel.describe(state, 1, new Facts(new Vocabulary([percpuRefCatalogue])))
    expect(view).toMatchObject({
      percpuRefs: {
        known: [
          {
            id: '0xa0',
            release: 'release',
            mode: 'atomic',
            dying: true,
            count: 2,
            switching: true,
            raw: { count: '0x8000000000000001', perCpu: [1, 0, 0] },
          },
        ],
        complete: false,
      },
    })
    expect(percpuRefModel.describe(state, 2, new Facts(new Vocabulary([percpuRefCatalogue])))).toEqual({
      percpuRefs: { known: [], complete: false },
    })
  })

  it('takes a sample over what it counted', () => {
    const { machine, events } = machineOf('linux-6.1')
    refOn(machine, 0)
    const state = initialPercpuRef()
    for (const event of events) evolvePercpuRef(state, event)
    evolvePercpuRef(state, {
      ...events[0]!,
      seq: 2,
      type: 'percpu-ref/sampled',
      data: { ref: '0xa0', atomic: true, dead: true, count: 3n },
    })
    expect(state.refs.get('0xa0')).toMatchObject({ atomic: true, dead: true, count: 3n, biased: false, references: 3n, owed: null })
  })
})
