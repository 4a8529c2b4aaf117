/** The numbered vectors of spec/core.md 3.10 about binding, and the order of its steps in both eras. */
import { describe, expect, it } from 'vitest'
import { errno, type AnyEvent } from '@devtrail/events'
import { LiveDevice, type Driver } from './binding.ts'
import { coreOf } from './core.test-support.ts'
import type { Rules } from './rules.ts'

const steps = (events: readonly AnyEvent[]): string[] =>
  events.map((e) => (e.type === 'devres/binding-step-taken' ? String(e.data['step']) : e.type.slice('devres/'.length)))

const failing = (error: number, during: (device: LiveDevice) => void = () => undefined): Driver => ({
  name: 'nd_pmem',
  probe: (device) => {
    device.drvdata = 'mine'
    during(device)
    return error
  },
})

const cleanup = ['unbind-cleanup-started', 'release-all-started', 'released', 'release-all-ended']
const forgotten = ['driver-cleared', 'drvdata-cleared', 'pm-domain-dismissed']
const cleanup61 = [...cleanup, 'arch-dma-torn-down', ...forgotten, 'runtime-pm-reinitialised']

describe('a probe that fails', () => {
  it.each<[Rules, string[]]>([
    ['seed', [...cleanup, 'sysfs-links-removed', ...forgotten]],
    ['linux-6.1', ['sysfs-links-removed', 'not-bound-notified', 'bus-dma-cleaned-up', 'device-links-dropped', ...cleanup61]],
  ])('#21 cleans up in the order of %s, with driver and drvdata still there for the callbacks', (rules, expected) => {
    const { core, events } = coreOf(rules)
    const device = new LiveDevice(core, { name: 'pfn0.0', bus: 'nd', kind: 'nd-pfn' })
    const seen: unknown[] = []
    const driver = failing(errno.ENXIO, (d) => d.resources.addAction(() => seen.push(d.driver?.name, d.drvdata), null))
    expect(device.probe(driver)).toBe(errno.ENXIO)
    expect(seen).toEqual(['nd_pmem', 'mine'])
    expect([device.driver, device.drvdata, device.state]).toEqual([null, null, 'unbound'])
    expect(steps(events)).toEqual(['device-added', 'probe-started', 'added', ...expected, 'probe-ended'])
    expect(events.at(-1)!.data).toMatchObject({ errno: errno.ENXIO, outcome: 'rejected' })
  })

  it.each([
    [errno.ENODEV, 'rejected'],
    [errno.ENXIO, 'rejected'],
    [errno.EPROBE_DEFER, 'deferred'],
    [errno.ENOMEM, 'failed'],
  ])('with %i is %s', (error, outcome) => {
    const { core, events } = coreOf('linux-6.1')
    new LiveDevice(core, { name: 'd' }).probe(failing(error))
    expect(events.at(-1)!.data['outcome']).toBe(outcome)
  })

  it.each<Rules>(['linux-6.1', 'seed'])('#22 is tried again, with nothing left over, once another device is bound (%s)', (rules) => {
    const { core, work } = coreOf(rules)
    const device = new LiveDevice(core, { name: 'late' })
    let ready = false
    const found: number[] = []
    const driver: Driver = {
      name: 'd',
      probe: (d) => {
        found.push(d.resources.list().length)
        d.resources.addAction(() => undefined, null)
        return ready ? 0 : errno.EPROBE_DEFER
      },
    }
    expect(device.probe(driver)).toBe(errno.EPROBE_DEFER)
    expect([device.resources.isEmpty, core.deferred]).toEqual([true, [device]])
    ready = true
    new LiveDevice(core, { name: 'supplier' }).probe({ name: 's', probe: () => 0 })
    expect(device.state).toBe('unbound')
    work()
    expect([device.state, core.deferred, found]).toEqual(['bound', [], [0, 0]])
  })

  it('is tried again when a device was bound while it was deferring', () => {
    const { core, work } = coreOf('seed')
    let probes = 0
    const device = new LiveDevice(core, { name: 'late' })
    device.probe({
      name: 'd',
      probe: () => {
        if (probes++ > 0) return 0
        new LiveDevice(core, { name: 'supplier' }).probe({ name: 's', probe: () => 0 })
        return errno.EPROBE_DEFER
      },
    })
    work()
    expect([device.state, probes]).toEqual(['bound', 2])
  })
})

describe('a device that is about to be tried again', () => {
  it('is not, once it has gone or was bound meanwhile', () => {
    const { core, work } = coreOf('linux-6.1')
    const probes: string[] = []
    let error: number = errno.EPROBE_DEFER
    const [gone, bound] = ['gone', 'bound'].map((name) => {
      const device = new LiveDevice(core, { name })
      device.probe({ name, probe: () => (probes.push(name), error) })
      return device
    })
    error = 0
    new LiveDevice(core, { name: 'supplier' }).probe({ name: 's', probe: () => 0 })
    expect(core.deferred).toEqual([gone, bound])
    gone!.del()
    bound!.probe({ name: 'now', probe: () => 0 })
    expect(core.deferred).toEqual([])
    work()
    expect([probes, bound!.driver?.name]).toEqual([['gone', 'bound'], 'now'])
  })
})

describe('resources present before a probe', () => {
  it('#23 are refused by 6.1', () => {
    const { core, events } = coreOf('linux-6.1')
    const device = new LiveDevice(core, { name: 'd' })
    device.resources.addAction(() => undefined, null)
    expect(device.probe({ name: 'x', probe: () => expect.unreachable() })).toBe(errno.EBUSY)
    expect(device.resources.list()).toHaveLength(1)
    expect(steps(events)).toEqual(['device-added', 'added', 'probe-started', 'warned', 'probe-ended'])
  })

  it('#23 are warned of by the seed, which goes on', () => {
    const { core, events } = coreOf('seed')
    const device = new LiveDevice(core, { name: 'd' })
    device.resources.addAction(() => undefined, null)
    expect([device.probe({ name: 'x', probe: () => 0 }), device.state]).toEqual([0, 'bound'])
    expect(steps(events)).toContain('warned')
  })
})

describe('an unbind', () => {
  it.each<[Rules, string[]]>([
    ['seed', ['remove-started', ...cleanup, ...forgotten, 'unbound-notified']],
    ['linux-6.1', ['remove-started', 'bus-dma-cleaned-up', 'device-links-dropped', ...cleanup61, 'unbound-notified']],
  ])('#24 runs remove, then what is managed, then forgets the driver (%s)', (rules, expected) => {
    const { core, events } = coreOf(rules)
    const device = new LiveDevice(core, { name: 'd' })
    const ran: string[] = []
    device.probe({
      name: 'x',
      probe: (d) => d.resources.addAction(() => ran.push(`released with ${d.driver!.name}`), null),
      remove: () => ran.push('remove'),
    })
    const from = events.length
    expect(device.unbind()).toBe(true)
    expect(ran).toEqual(['remove', 'released with x'])
    expect(steps(events.slice(from))).toEqual(['runtime-pm-got', 'sysfs-links-removed', 'unbind-notified', 'runtime-pm-put', ...expected])
    expect([device.driver, device.unbind()]).toEqual([null, false])
  })
})

describe('a device that goes', () => {
  it('releases what was added without a driver: in device_del under 6.1, at the last put under the seed', () => {
    for (const rules of ['linux-6.1', 'seed'] as const) {
      const { core } = coreOf(rules)
      const device = new LiveDevice(core, { name: 'd' })
      const ran: string[] = []
      device.resources.addAction(() => ran.push('ran'), null)
      expect(() => device.put()).toThrow(/before device_del/)
      device.del()
      expect(ran).toEqual(rules === 'linux-6.1' ? ['ran'] : [])
      device.put()
      device.put()
      expect([ran, device.presence]).toEqual([['ran'], 'gone'])
      expect(device.probe({ name: 'x', probe: () => 0 })).toBe(errno.ENODEV)
    }
  })

  it('cannot go while it is probed', () => {
    const { core } = coreOf('linux-6.1')
    expect(() => new LiveDevice(core, { name: 'd' }).probe({ name: 'x', probe: (d) => d.del() })).toThrow(/would wait for ever/)
  })
})
