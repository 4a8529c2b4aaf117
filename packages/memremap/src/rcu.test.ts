import { expect, test } from 'vitest'
import { NeverEnds, Rcu } from './rcu.ts'

test('a callback waits for the read sections that were open when it was queued, and for no later one', () => {
  const rcu = new Rcu()
  const ran: string[] = []
  const early = rcu.readLock()
  rcu.callRcu(() => ran.push('a'))
  const late = rcu.readLock()
  expect([rcu.pass(), ran, rcu.queued, rcu.readers]).toEqual([false, [], 1, 2])
  early()
  expect([rcu.pass(), ran]).toEqual([true, ['a']])
  late()
  expect(rcu.readLockHeld).toBe(false)
})

test('what a callback queues waits for a grace period of its own; a drain runs both', () => {
  const rcu = new Rcu()
  const ran: string[] = []
  rcu.callRcu(() => {
    ran.push('a')
    rcu.callRcu(() => ran.push('b'))
  })
  rcu.pass()
  expect(ran).toEqual(['a'])
  rcu.drain()
  expect(ran).toEqual(['a', 'b'])
})

test('a wait lets grace periods pass, then others go on; what nobody can bring never ends', () => {
  const rcu = new Rcu()
  let turns = 0
  rcu.others = () => ++turns < 4
  rcu.waitUntil(() => turns === 3)
  expect(turns).toBe(3)
  expect(() => rcu.waitUntil(() => false)).toThrow(NeverEnds)
})
