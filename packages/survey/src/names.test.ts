import { Facts, type AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { vocabulary } from './models.ts'
import { Names } from './names.ts'

const facts = new Facts(vocabulary)
const learn = (seq: number, type: string, data: AnyEvent['data']): void =>
  facts.learn({ seq, entry: null, time: 0, device: null, cpu: null, actor: null, cause: [], type, data })

learn(1, 'devres/device-found', { device: 1, name: 'dax0.0', bus: 'nd', kind: null })
learn(2, 'devres/device-found', { device: 2, name: 'dax0.0', bus: null, kind: null })
const starts = new Map([[1, '0x100000000']])
const names = new Names(facts, new Map([[1, 'nd/dax0.0']]), new Map([[5, 'namespace0.0']]), starts)

test('a device is asked for by its name, with bus and number or without', () => {
  const { names: all, mayBe } = names.deviceNames(1)
  expect(all).toEqual(['nd/dax0.0', 'dax0.0', 'dax0.0#1', 'nd/dax0.0#1'])
  expect(mayBe).toBeNull()
})

test('while its bus is not told it may be on any, but has no other name', () => {
  const { names: all, mayBe } = names.deviceNames(2)
  expect(all).toEqual(['dax0.0', 'dax0.0#2'])
  expect([mayBe!('dax/dax0.0'), mayBe!('dax0.1')]).toEqual([true, false])
  // Of one that nothing is known of, neither.
  expect(names.deviceNames(3).mayBe!('dax0.1')).toBe(true)
})

test('what is told later is there as soon as it is told', () => {
  expect(names.pagemapNames(1).mayBe).toBeNull()
  expect(names.pagemapNames(2).mayBe!('0x200000000')).toBe(true)
  starts.set(2, '0x200000000')
  expect(names.pagemapNames(2)).toMatchObject({ names: ['0x200000000'], mayBe: null })
  learn(3, 'devres/device-found', { device: 2, name: 'dax0.0', bus: 'dax', kind: null })
  expect(names.deviceNames(2)).toMatchObject({ names: ['dax0.0', 'dax0.0#2', 'dax/dax0.0', 'dax/dax0.0#2'], mayBe: null })
})

test('a node of the tree', () => {
  expect(names.regionNames(5)).toMatchObject({ names: ['namespace0.0'], mayBe: null })
  expect(names.regionNames(6).mayBe!('x')).toBe(true)
})
