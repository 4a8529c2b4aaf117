/** A teardown comes to its end, whatever throws on its way and whatever has to be waited for. */
import { describe, expect, it } from 'vitest'
import { errno } from '@devtrail/events'
import { LiveDevice, type Driver } from './binding.ts'
import { coreOf } from './core.test-support.ts'
import type { Rules } from './rules.ts'

const eras = ['linux-6.1', 'seed'] as const

function deviceOf(rules: Rules) {
  const { core, events, work } = coreOf(rules)
  const device = new LiveDevice(core, { name: 'd' })
  const ran: string[] = []
  const socket = (name: string): AsyncDisposable => ({
    [Symbol.asyncDispose]: async () => {
      await Promise.resolve()
      ran.push(`${name} closed with ${device.driver?.name}`)
    },
  })
  return { core, events, work, device, ran, socket }
}

const boom = (): void => {
  throw new Error('boom')
}

const isFree = ({ state, driver, drvdata, resources }: LiveDevice): void =>
  expect([state, driver, drvdata, resources.list()]).toEqual(['unbound', null, null, []])

describe.each<Rules>(eras)('what throws (%s)', (rules) => {
  it('in an unbind does not keep the rest from being undone, and is thrown at the end', () => {
    const { device, ran, events } = deviceOf(rules)
    const driver: Driver = {
      name: 'x',
      probe: (d) => {
        d.drvdata = 'mine'
        d.resources.addAction(() => ran.push('first'), 1)
        d.resources.addAction(boom, 1)
        d.resources.addAction(boom, 2)
      },
      remove: () => {
        throw new Error('remove')
      },
    }
    device.probe(driver)
    expect(() => device.unbind()).toThrow(expect.objectContaining({ errors: [new Error('remove'), new Error('boom'), new Error('boom')] }))
    expect(ran).toEqual(['first'])
    isFree(device)
    expect(events.at(-1)!.data['step']).toBe('unbound-notified')
    expect(device.probe({ name: 'y', probe: () => 0 })).toBe(0)
  })

  it('in device_del neither: the device is gone from its bus', () => {
    const { device } = deviceOf(rules)
    device.probe({ name: 'x', probe: (d) => void d.resources.addAction(boom, 1) })
    expect(() => device.del()).toThrow('boom')
    expect(device.presence).toBe('removed')
    isFree(device)
    device.put()
    expect(device.presence).toBe('gone')
  })

  it('in a probe makes it fail, with -EIO in the log', () => {
    const { device, events, ran } = deviceOf(rules)
    const probe = (d: LiveDevice): void => {
      d.resources.addAction(() => ran.push('undone'), 1)
      boom()
    }
    expect(() => device.probe({ name: 'x', probe })).toThrow('boom')
    expect(ran).toEqual(['undone'])
    isFree(device)
    expect(events.at(-1)).toMatchObject({ type: 'devres/probe-ended', data: { errno: errno.EIO, outcome: 'failed' } })
    expect(() => device.probe({ name: 'async', probe: async () => undefined } as unknown as Driver)).toThrow(/found object/)
    isFree(device)
  })

  it('in a deferred probe that is tried again keeps no other device waiting', () => {
    const { core, work, device: a } = deviceOf(rules)
    const b = new LiveDevice(core, { name: 'b' })
    let throws = false
    a.probe({
      name: 'a',
      probe: (d) => {
        if (throws) d.resources.addAction(boom, 1)
        return errno.EPROBE_DEFER
      },
    })
    let ready = false
    b.probe({ name: 'b', probe: () => (ready ? 0 : errno.EPROBE_DEFER) })
    throws = ready = true
    new LiveDevice(core, { name: 'supplier' }).probe({ name: 's', probe: () => 0 })
    // Once for the supplier, once for b.
    expect(work).toThrow(expect.objectContaining({ errors: [new Error('boom'), new Error('boom')] }))
    expect([b.state, a.state, core.deferred]).toEqual(['bound', 'unbound', [a]])
  })
})

describe.each<Rules>(eras)('what has to be waited for (%s)', (rules) => {
  it('is, in its turn, when the device is unbound', async () => {
    const { device, ran, socket, events } = deviceOf(rules)
    const probe = ({ resources }: LiveDevice): void => {
      resources.addAction(() => ran.push('freed'), 1)
      resources.manageAsync(socket('s'))
    }
    expect(await device.probeAsync({ name: 'x', probe, remove: () => ran.push('removed') })).toBe(0)
    expect(() => device.unbind()).toThrow(/use unbindAsync; nothing was done/)
    expect(() => device.del()).toThrow(/use delAsync; nothing was done/)
    expect([device.state, ran]).toEqual(['bound', []])
    const unbinding = device.unbindAsync()
    expect([device.state, device.unbind(), device.probe({ name: 'y', probe: () => 0 })]).toEqual(['unbinding', false, errno.EBUSY])
    expect(await unbinding).toBe(true)
    expect(ran).toEqual(['removed', 's closed with x', 'freed'])
    isFree(device)
    const started = events.find(({ type }) => type === 'devres/release-all-started')!.seq
    const told = events.filter(({ type }) => type === 'devres/released' || type === 'devres/release-all-ended')
    expect(told.map(({ cause }) => cause)).toEqual([[started], [started], [started]])
    expect(await device.unbindAsync()).toBe(false)
  })

  it('is when a probe fails', async () => {
    const { device, ran, socket } = deviceOf(rules)
    const probing = device.probeAsync({ name: 'x', probe: ({ resources }) => (resources.manageAsync(socket('s')), errno.ENXIO) })
    expect(device.state).toBe('probing')
    expect(() => device.del()).toThrow(/would wait for ever/)
    expect(await probing).toBe(errno.ENXIO)
    expect(ran).toEqual(['s closed with x'])
    isFree(device)
  })

  it('is when a deferred probe is tried again', async () => {
    const { core, work, device, ran, socket } = deviceOf(rules)
    let error: number = errno.EPROBE_DEFER
    await device.probeAsync({ name: 'x', probe: ({ resources }) => (resources.manageAsync(socket('s')), error) })
    error = 0
    new LiveDevice(core, { name: 'supplier' }).probe({ name: 's', probe: () => 0 })
    work()
    expect([device.state, ran]).toEqual(['bound', ['s closed with x']])
    await device.delAsync()
    expect([device.presence, ran]).toEqual(['removed', ['s closed with x', 's closed with x']])
    isFree(device)
  })

  it('is refused when it is handed to a probe or a remove that cannot wait, and nothing is stuck', () => {
    const { device, socket } = deviceOf(rules)
    expect(() => device.probe({ name: 'x', probe: ({ resources }) => void resources.manageAsync(socket('s')) })).toThrow(/use probeAsync/)
    isFree(device)
    device.probe({ name: 'x', probe: () => 0, remove: ({ resources }) => void resources.manageAsync(socket('s')) })
    expect(() => device.unbind()).toThrow(/unbindAsync/)
    isFree(device)
  })

  it('is with the last reference too', async () => {
    const { device, ran, socket } = deviceOf(rules)
    await device.delAsync()
    device.resources.manageAsync(socket('s'))
    expect(() => device.put()).toThrow(/use putAsync; nothing was done/)
    expect(device.presence).toBe('removed')
    await device.putAsync()
    await device.putAsync()
    expect([device.presence, device.resources.list(), ran.length]).toEqual(['gone', [], 1])
  })
})

it('what has to be waited for without a driver keeps a seed device from being probed by a call that cannot, and not from being removed', () => {
  const { device, socket } = deviceOf('seed')
  device.resources.manageAsync(socket('s'))
  expect(() => device.probe({ name: 'x', probe: () => 0 })).toThrow(/use probeAsync/)
  device.del()
  expect([device.presence, device.resources.list().length]).toEqual(['removed', 1])
})

it('what has to be waited for without a driver is when a 6.1 device is removed', async () => {
  const { device, ran, socket } = deviceOf('linux-6.1')
  device.resources.manageAsync(socket('s'))
  expect(() => device.del()).toThrow(/use delAsync/)
  await device.delAsync()
  expect([device.presence, ran.length]).toEqual(['removed', 1])
})

it('what throws while it is waited for is thrown at the end', async () => {
  const { device, ran, socket } = deviceOf('linux-6.1')
  const broken = { [Symbol.asyncDispose]: () => Promise.reject(new Error('late')) }
  const probe = ({ resources }: LiveDevice): void => {
    resources.manageAsync(socket('s'))
    resources.manageAsync(broken)
    resources.addAction(boom, 1)
  }
  await device.probeAsync({ name: 'x', probe })
  await expect(device.unbindAsync()).rejects.toThrow(expect.objectContaining({ errors: [new Error('boom'), new Error('late')] }))
  expect(ran).toEqual(['s closed with x'])
  isFree(device)
})
