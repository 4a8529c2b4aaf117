import { expect, it } from 'vitest'
import { Ids, ManualClock } from './clock.ts'

it('a clock starts where it is told and moves only when told', () => {
  const clock = new ManualClock(5)
  expect(clock.now()).toBe(5)
  clock.advance(3)
  expect(clock.now()).toBe(8)
  clock.advanceTo(20)
  expect(clock.now()).toBe(20)
})

it('a clock may stand still', () => {
  const clock = new ManualClock(7)
  clock.advanceTo(7)
  clock.advance(0)
  expect(clock.now()).toBe(7)
})

it('a clock refuses to run backwards, says so, and stays where it was', () => {
  const clock = new ManualClock(10)
  expect(() => clock.advanceTo(9)).toThrow(new RangeError('the clock is at 10 ns and cannot run back to 9 ns'))
  expect(() => clock.advance(-1)).toThrow(RangeError)
  expect(clock.now()).toBe(10)
})

it('identities count from 1, each kind by itself', () => {
  const ids = new Ids()
  expect([ids.next('device'), ids.next('device'), ids.next('region'), ids.next('device')]).toEqual([1, 2, 1, 3])
})
