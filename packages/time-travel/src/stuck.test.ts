import { expect, it } from 'vitest'
import { event, historyOf, numbered } from './house.test-support.ts'
import { stuckTasks, type StuckTask } from './stuck.ts'

const cat = { pid: 7, comm: 'cat' }
const dog = { pid: 8, comm: 'dog' }
const stuckAfter = async (...events: ReturnType<typeof event>[]): Promise<StuckTask[]> =>
  stuckTasks((await historyOf(numbered(...events)).at({ kind: 'end' })).machine)

it('a task that returned from everything is not stuck', async () => {
  expect(await stuckAfter(event('house/looked', {}, { actor: cat }), event('house/looked-away', {}, { actor: cat }))).toEqual([])
})

it('a stuck task is told with its calls, their devices and what a model knows it waits for', async () => {
  const [task, ...others] = await stuckAfter(
    event('house/looked', {}, { actor: cat }),
    event('house/waited', { device: 3 }, { actor: cat }),
    event('house/lit', { device: 1 }, { actor: dog }),
  )
  expect(others).toEqual([])
  expect(task).toMatchObject({ pid: 7, comm: 'cat' })
  expect(task!.calls.map(({ call, device, waiting }) => [call.name, call.seq, device, waiting?.waitsFor ?? null])).toEqual([
    ['look', 1, null, null],
    ['wait', 2, 3, 'the red bell'],
  ])
})

it('what one task waits for is not said of another', async () => {
  const tasks = await stuckAfter(event('house/waited', { device: null }, { actor: cat }), event('house/looked', {}, { actor: dog }))
  expect(tasks.map((t) => [t.pid, t.calls[0]!.waiting?.who ?? null])).toEqual([
    [7, { pid: 7 }],
    [8, null],
  ])
})
