import type { DeviceInfo } from '@devtrail/events'
import { expect, test } from 'vitest'
import { event, house, info } from '../house.test-support.ts'
import { Machine } from '../machine.ts'
import { LogKeys } from './log-keys.ts'
import { ALL_LOOKED_AT_MAX, PAIRS_KEPT_MAX, seeNames } from './names-state.ts'

/** The keys after looks at the devices of moments; `proven`: those that later events prove to have been there from the start. */
function keysAfter(
  looks: readonly (readonly DeviceInfo[])[],
  end: readonly DeviceInfo[] = looks.flat(),
  proven: readonly DeviceInfo[] = [],
): LogKeys {
  const machine = new Machine([{ ...house, devices: () => proven }])
  for (const devices of looks)
    seeNames(
      machine.content.names,
      event('house/lamp-found', {}),
      { starts: false, brings: 'device' },
      { all: () => devices, one: () => null },
    )
  return new LogKeys(machine, end)
}
const device = (id: number, name: string, bus: string | null, more: Partial<DeviceInfo> = {}): DeviceInfo =>
  info({ id, name, bus, ...more })

test('a name under which two ever lived at once is always told apart', () => {
  const one = device(1, 'dax0.0', 'nd')
  expect(keysAfter([[one, device(2, 'pfn0.0', 'nd')]]).keyOf(one)).toBe('dax0.0')
  const keys = keysAfter([[one, device(3, 'dax0.0', 'dax')], [one]])
  expect(keys.keyOf(one)).toBe('nd/dax0.0')
  expect(keys.keyOf(device(0, 'dax0.0', null))).toBe('?/dax0.0')
  expect(keys.keyOf(device(0, 'pfn0.0', 'nd'))).toBe('pfn0.0')
})

test('incarnations that followed one another share a key, and so do those beside a bookkeeping device', () => {
  const disk = device(3, 'pmem0', 'nd')
  const block = device(4, 'pmem0', 'block', { bookkeeping: true })
  const keys = keysAfter([[device(1, 'pfn0.0', 'nd', { presence: 'removed' }), device(2, 'pfn0.0', 'nd'), disk, block]])
  expect(keys.keyOf(device(0, 'pfn0.0', 'nd'))).toBe('pfn0.0')
  expect(keys.keyOf(disk)).toBe('pmem0')
  expect(keys.keyOf(block)).toBe('block/pmem0')
})

test('that a device is for bookkeeping may be learnt later', () => {
  const looks = [[device(1, 'pmem0', 'nd'), device(2, 'pmem0', null)]]
  expect(
    keysAfter(looks, [device(1, 'pmem0', 'nd'), device(2, 'pmem0', 'block', { bookkeeping: true })]).keyOf(device(1, 'pmem0', 'nd')),
  ).toBe('pmem0')
  expect(keysAfter(looks).keyOf(device(1, 'pmem0', 'nd'))).toBe('nd/pmem0')
})

test('a device that was there from the start lived beside what had gone before it was first mentioned', () => {
  const gone = device(1, 'dax0.0', 'dax', { presence: 'removed' })
  const looks = [[device(1, 'dax0.0', 'dax')], [gone, device(2, 'dax0.0', 'nd')]]
  const end = [gone, device(2, 'dax0.0', 'nd')]
  expect(keysAfter(looks, end).keyOf(gone)).toBe('dax0.0')
  expect(keysAfter(looks, end, [device(2, 'dax0.0', 'nd')]).keyOf(gone)).toBe('dax/dax0.0')
})

test('a device that was not yet known to be there when it was found lived beside what was there then', () => {
  const there = device(1, 'dax0.0', 'dax')
  const looks = [[there], [there, device(2, 'dax0.0', 'nd', { presence: null })]]
  for (const presence of ['present', 'removed', 'gone'] as const) {
    expect(keysAfter(looks, [there, device(2, 'dax0.0', 'nd', { presence })]).keyOf(there)).toBe('dax/dax0.0')
  }
  // What had gone by then, or never turned out to be there, did not.
  expect(keysAfter(looks, [there, device(2, 'dax0.0', 'nd', { presence: null })]).keyOf(there)).toBe('dax0.0')
  const gone = device(1, 'dax0.0', 'dax', { presence: 'gone' })
  expect(keysAfter([[there], [gone, device(2, 'dax0.0', 'nd', { presence: null })]], [gone, device(2, 'dax0.0', 'nd')]).keyOf(gone)).toBe(
    'dax0.0',
  )
})

test('of more pairs of one name than are kept all are told apart', () => {
  const crowd = Array.from({ length: 20 }, (_, i) => device(i + 1, 'x', 'nd', { bookkeeping: true }))
  const keyOf = (n: number): string => keysAfter([crowd.slice(0, n)], crowd).keyOf(device(0, 'x', 'nd'))
  const most = Math.floor((1 + Math.sqrt(1 + 8 * PAIRS_KEPT_MAX)) / 2)
  expect(keyOf(most)).toBe('x')
  expect(keyOf(most + 1)).toBe('nd/x')
})

test('of many devices only those of the name that comes are looked at', () => {
  const all = new Map(Array.from({ length: ALL_LOOKED_AT_MAX + 1 }, (_, i) => [i + 1, device(i + 1, `d${i}`, 'nd')]))
  const machine = new Machine([house])
  let listed = 0
  const told = {
    all: () => (listed++, [...all.values()]),
    one: (id: number) => all.get(id) ?? null,
  }
  const bring = (d: DeviceInfo): void => {
    all.set(d.id, d)
    seeNames(machine.content.names, event('house/lamp-found', { device: d.id }), { starts: false, brings: 'device' }, told)
  }
  bring(device(1, 'd0', 'nd'))
  bring(device(5000, 'd7', 'dax'))
  all.set(8, device(8, 'd7', 'nd', { presence: 'removed' }))
  bring(device(5001, 'd8', 'dax'))
  all.set(10, device(10, 'd9', 'nd', { presence: 'removed' }))
  bring(device(5002, 'd9', 'dax'))
  expect(listed).toBe(1)
  const keys = new LogKeys(machine, [...all.values()])
  expect(['d7', 'd8', 'd9', 'd10'].map((name) => keys.keyOf(device(0, name, 'nd')))).toEqual(['nd/d7', 'nd/d8', 'd9', 'd10'])
})
