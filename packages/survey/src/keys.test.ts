import type { DeviceInfo } from '@devtrail/events'
import { expect, test } from 'vitest'
import { keyAmong, keysAt } from './keys.ts'

const device = (id: number, name: string, bus: string | null, more: Partial<DeviceInfo> = {}): DeviceInfo => ({
  id,
  name,
  bus,
  kind: null,
  bookkeeping: false,
  presence: 'present',
  driver: null,
  driverState: null,
  ...more,
})

test('at a moment, a name alone is the key; two of one name are told apart by bus', () => {
  const keys = keysAt([device(1, 'pfn0.0', 'nd'), device(2, 'dax0.0', 'nd'), device(3, 'dax0.0', 'dax')])
  expect([...keys.values()]).toEqual(['pfn0.0', 'nd/dax0.0', 'dax/dax0.0'])
})

test('a bookkeeping device steps aside and changes no other key', () => {
  const keys = keysAt([device(1, 'pmem0', 'nd'), device(2, 'pmem0', 'block', { bookkeeping: true })])
  expect(keys.get(1)).toBe('pmem0')
  expect(keys.get(2)).toBe('block/pmem0')
})

test('a device that is gone has a key that none of those there has', () => {
  const there = [device(2, 'dax0.0', 'nd'), device(3, 'dax0.0', 'dax'), device(4, 'pfn0.0', 'nd')]
  expect(keyAmong(there, there[1]!)).toBe('dax/dax0.0')
  expect(keyAmong(there, device(1, 'dax0.0', 'dax', { presence: 'removed' }))).toBe('dax/dax0.0#1')
  expect(keyAmong(there, device(1, 'pfn0.0', 'nd', { presence: 'removed' }))).toBe('nd/pfn0.0#1')
  expect(keyAmong(there, device(1, 'btt0.0', 'nd', { presence: 'removed' }))).toBe('btt0.0')
})
