import { Emitter, ManualClock } from '@devtrail/events'
import { expect, test } from 'vitest'
import { finish, Tasks, type Steps } from './tasks.ts'

function* saying(log: string[], name: string): Steps<string> {
  for (const n of [1, 2]) {
    log.push(`${name}${n}`)
    yield null
  }
  return name
}

function* waiting(): Steps<void> {
  yield { until: () => false, what: 'a bus' }
}

function* endless(): Steps<void> {
  for (;;) yield { what: 'the same again', retry: true }
}

function* long(pauses: number): Steps<number> {
  for (let n = 0; n < pauses; n++) yield n % 1000 === 0 ? { what: 'another try', retry: true } : null
  return pauses
}

test('an operation with nobody between runs to its end; one that waits for somebody else never would', () => {
  expect(finish(saying([], 'a'))).toBe('a')
  expect(() => finish(waiting())).toThrow('waits for a bus')
  expect(() => finish(endless())).toThrow('without an end')
})

test('one that gets on is not given up, however long it is', () => {
  expect(finish(long(300_000))).toBe(300_000)
})

test('tasks take turns as chosen, each as its actor; one that waits is not chosen until it can go on', () => {
  const emitter = new Emitter(new ManualClock())
  const tasks = new Tasks(emitter)
  const log: string[] = []
  let open = false
  tasks.spawn(
    { pid: 1, comm: 'a' },
    (function* (): Steps<void> {
      yield { until: () => open, what: 'the door' }
      log.push('a')
    })(),
  )
  tasks.spawn({ pid: 2, comm: 'b' }, saying(log, 'b'))
  expect(tasks.step(0)).toBe(true)
  expect([tasks.runnable, tasks.waiting]).toEqual([1, [{ actor: { pid: 1, comm: 'a' }, what: 'the door' }]])
  tasks.step(7)
  tasks.step(0)
  expect(emitter.actor?.comm).toBe('b')
  open = true
  tasks.step(0)
  expect(emitter.actor?.comm).toBe('a')
  tasks.step(0)
  expect([log, tasks.step(0), tasks.runnable]).toEqual([['b1', 'b2', 'a'], false, 0])
})
