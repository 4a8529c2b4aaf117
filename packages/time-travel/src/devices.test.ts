import { describe, expect, it } from 'vitest'
import { Facts, type DeviceInfo } from '@devtrail/events'
import { deviceKeys, deviceOf, NoSuchDeviceError, selectDevices } from './devices.ts'
import { event, house, info } from './house.test-support.ts'
import { vocabularyOf } from './machine.ts'

const vocabulary = vocabularyOf([house])
const factsOf = (...events: ReturnType<typeof event>[]): Facts => {
  const facts = new Facts(vocabulary)
  for (const e of events) facts.learn(e)
  return facts
}

const keys = (...devices: DeviceInfo[]): string[] => [...deviceKeys(devices).values()]

describe('deviceKeys', () => {
  it('a device is shown by its name', () => {
    expect([...deviceKeys([info({ id: 3, name: 'pfn0.0' }), info({ id: 5, name: 'btt0.0' })])]).toEqual([
      [3, 'pfn0.0'],
      [5, 'btt0.0'],
    ])
  })

  it('two of one name by bus and name, all others by name', () => {
    expect(
      keys(info({ id: 1, name: 'dax0.0', bus: 'nd' }), info({ id: 2, name: 'dax0.0', bus: 'dax' }), info({ id: 3, name: 'x' })),
    ).toEqual(['nd/dax0.0', 'dax/dax0.0', 'x'])
  })

  it('incarnations that bus and name cannot tell apart by number too', () => {
    expect(keys(info({ id: 1, name: 'a', bus: 'nd' }), info({ id: 2, name: 'a', bus: 'nd' }), info({ id: 3, name: 'a' }))).toEqual([
      'nd/a#1',
      'nd/a#2',
      '?/a',
    ])
  })

  it('every device has a key of its own', () => {
    const many = [1, 2, 3, 4].map((id) => info({ id, name: 'a', bus: id % 2 ? 'nd' : null }))
    expect(new Set(keys(...many)).size).toBe(4)
  })
})

const aliases = (id: number): string[] =>
  id === 3 ? ['pmem0', 'namespace0.0'] : id === 4 ? ['namespace0.0', 'pfn0.0'] : id === 6 ? ['hidden'] : []

describe('selectDevices', () => {
  const nd = info({ id: 1, name: 'dax0.0', bus: 'nd' })
  const dax = info({ id: 2, name: 'dax0.0', bus: 'dax' })
  const pfn = info({ id: 3, name: 'pfn0.0', bus: 'nd' })
  const odd = info({ id: 4, name: 'dark', bus: null })
  const disk = info({ id: 5, name: 'pmem0', bus: 'block', bookkeeping: true })
  const bdi = info({ id: 6, name: '259:0', bus: 'bdi', bookkeeping: true })
  const all = [nd, dax, pfn, odd, disk, bdi]
  const select = (wanted: string): number[] => selectDevices(wanted, all, aliases).map((d) => d.id)

  it('by name: all devices that bear it', () => {
    expect(select('pfn0.0')).toEqual([3])
    expect(select('dax0.0')).toEqual([1, 2])
  })

  it('by bus and name, `?` being the bus that is not known', () => {
    expect(select('nd/dax0.0')).toEqual([1])
    expect(select('dax/dax0.0')).toEqual([2])
    expect(select('?/dark')).toEqual([4])
  })

  it('by incarnation', () => {
    expect(select('dax0.0#2')).toEqual([2])
    expect(select('nd/dax0.0#1')).toEqual([1])
    expect(() => select('dax0.0#3')).toThrow(NoSuchDeviceError)
    expect(() => select('nd/dax0.0#2')).toThrow(NoSuchDeviceError)
  })

  it('every key that deviceKeys shows selects its device', () => {
    const shown = deviceKeys(all.filter((d) => !d.bookkeeping))
    expect([...shown.values()].map(select)).toEqual([...shown.keys()].map((id) => [id]))
  })

  it('by any name the user knows it by, all of them when several go by it', () => {
    expect(select('namespace0.0')).toEqual([3, 4])
  })

  it('a device of that very name wins over an alias, but one that is bookkeeping does not', () => {
    expect(select('pfn0.0')).toEqual([3])
    expect(select('pmem0')).toEqual([3])
  })

  it('a bookkeeping device is found by its name when nothing else goes by it, and by no alias', () => {
    expect(select('259:0')).toEqual([6])
    expect(select('block/pmem0')).toEqual([5])
    expect(() => select('hidden')).toThrow(NoSuchDeviceError)
  })

  it('an alias on a bus, or with a number, is none', () => {
    expect(() => select('nd/namespace0.0')).toThrow(NoSuchDeviceError)
    expect(() => select('namespace0.0#3')).toThrow(NoSuchDeviceError)
  })

  it.each(['', 'pfn0', '/', '#1', 'nd/', '__proto__'])('%j: no match lists what there is, without bookkeeping devices', (wanted) => {
    let error: unknown
    try {
      select(wanted)
    } catch (e) {
      error = e
    }
    expect(error).toBeInstanceOf(NoSuchDeviceError)
    expect((error as NoSuchDeviceError).candidates).toEqual(['nd/dax0.0', 'dax/dax0.0', 'pfn0.0', 'dark'])
    expect((error as NoSuchDeviceError).message).toBe(
      `no device goes by the name "${wanted}"; there is nd/dax0.0, dax/dax0.0, pfn0.0, dark`,
    )
  })

  it('where there is no device at all the message says so', () => {
    expect(() => selectDevices('x', [], () => [])).toThrow('no device goes by the name "x"; there is none')
  })
})

describe('deviceOf', () => {
  it('is the device the envelope names, before any in the data', () => {
    expect(deviceOf(event('house/lit', { device: 3 }, { device: 9 }), vocabulary, factsOf())).toBe(9)
    expect(deviceOf(event('house/lit', { device: 3 }), vocabulary, factsOf())).toBe(3)
  })

  it('is the owner of the pagemap or region that the event names', () => {
    const facts = factsOf(
      event('house/circuit-identified', { circuit: 4, device: 7, namespace: 8 }),
      event('house/circuit-identified', { circuit: 5, device: null, namespace: 8 }),
      event('house/spot-identified', { spot: 4, device: 2 }),
    )
    expect(deviceOf(event('house/circuit-used', { amperes: 1, circuit: 4 }), vocabulary, facts)).toBe(7)
    expect(deviceOf(event('house/circuit-used', { amperes: 1, circuit: 5 }), vocabulary, facts)).toBe(8)
    expect(deviceOf(event('house/spot-touched', { spot: 4 }), vocabulary, facts)).toBe(2)
  })

  it('is known of an event before it was learnt, from the facts of the whole log', () => {
    const used = event('house/circuit-used', { amperes: 1, circuit: 4 }, { seq: 1 })
    expect(deviceOf(used, vocabulary, factsOf())).toBeNull()
    expect(
      deviceOf(used, vocabulary, factsOf(event('house/circuit-identified', { circuit: 4, device: 7, namespace: null }, { seq: 99 }))),
    ).toBe(7)
  })

  it('is none where nothing tells, and a count is no incarnation', () => {
    const facts = factsOf(event('house/circuit-identified', { circuit: 4, device: 7, namespace: null }))
    expect(deviceOf(event('house/circuit-used', { amperes: 4, circuit: null }), vocabulary, facts)).toBeNull()
    expect(deviceOf(event('other/lit', { device: 3 }), vocabulary, facts)).toBeNull()
    expect(deviceOf(event('house/spot-touched', { spot: 4 }), vocabulary, facts)).toBeNull()
  })
})
