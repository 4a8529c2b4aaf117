import { describe, expect, it } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { event, house } from './house.test-support.ts'
import { vocabularyOf } from './machine.ts'
import { evolveTasks, initialTasks, openTasks, type TasksState } from './tasks.ts'

const vocabulary = vocabularyOf([house])
const by = (pid: number, comm = 'sh', cpu = 0): Partial<AnyEvent> => ({ actor: { pid, comm }, cpu })
const say = (type: string, said: Partial<AnyEvent>): AnyEvent => event(type, {}, said)
const gap = event('log/gap', { reason: 'lost', lost: 1, cpu: null })

/** The names of the calls each task is left in, by pid. */
function after(...events: AnyEvent[]): [number, string[]][] {
  return openTasks(tasksAfter(...events)).map(({ pid, calls }) => [pid, calls.map((c) => c.name)])
}

function tasksAfter(...events: AnyEvent[]): TasksState {
  const tasks = initialTasks()
  for (const e of events) evolveTasks(tasks, e, vocabulary.find(e.type))
  return tasks
}

describe('the calls a task is in', () => {
  it('nest, outermost first, each with what it waits for', () => {
    const [task] = openTasks(tasksAfter(say('house/looked', by(7)), say('house/waited', { ...by(7), seq: 9, device: 3 })))
    expect(task).toMatchObject({ pid: 7, comm: 'sh' })
    expect(task!.calls.map((c) => [c.name, c.waitsFor, c.sure])).toEqual([
      ['look', null, true],
      ['wait', 'the bell', true],
    ])
    expect(task!.calls[1]!).toMatchObject({ seq: 9, about: [{ kind: 'device', id: 3 }] })
  })

  it('end with their returns, and a task in none is not listed', () => {
    expect(after(say('house/looked', by(7)), say('house/waited', by(7)), say('house/stopped-waiting', by(7)))).toEqual([[7, ['look']]])
    expect(after(say('house/looked', by(7)), say('house/looked-away', by(7)))).toEqual([])
  })

  it('the return of an outer call ends the inner ones whose returns were missed', () => {
    expect(after(say('house/looked', by(7)), say('house/waited', by(7)), say('house/looked-away', by(7)))).toEqual([])
  })

  it('a return ends the innermost of several calls of its name', () => {
    expect(after(say('house/waited', by(7)), say('house/waited', by(7)), say('house/stopped-waiting', by(7)))).toEqual([[7, ['wait']]])
  })

  it('a return of a call entered unseen ends nothing', () => {
    expect(after(say('house/looked', by(7)), say('house/stopped-waiting', by(7)))).toEqual([[7, ['look']]])
    expect(after(say('house/stopped-waiting', by(7)))).toEqual([])
  })

  it('are each task’s own', () => {
    expect(after(say('house/looked', by(7)), say('house/waited', by(8)), say('house/looked-away', by(8)))).toEqual([
      [7, ['look']],
      [8, ['wait']],
    ])
  })

  it('events without a task touch none', () => {
    expect(after(say('house/looked', by(7)), say('house/looked-away', { actor: null }))).toEqual([[7, ['look']]])
  })
})

describe('a pid under another name', () => {
  it('is another task: the calls of the former one are over', () => {
    expect(after(say('house/waited', by(7, 'sh')), say('house/looked', by(7, 'cat')))).toEqual([[7, ['look']]])
    expect(after(say('house/waited', by(7, 'sh')), say('house/lit', by(7, 'cat')))).toEqual([])
  })

  it('is the same task where the name was not recorded', () => {
    expect(after(say('house/waited', by(7, 'sh')), say('house/looked', by(7, '<...>')))).toEqual([[7, ['wait', 'look']]])
    expect(after(say('house/waited', by(7, '<...>')), say('house/looked', by(7, 'sh')))).toEqual([[7, ['wait', 'look']]])
  })
})

const idle = (type: string, cpu: number): AnyEvent => say(type, by(0, '<idle>', cpu))

describe('the idle task', () => {
  it('is one a CPU', () => {
    expect(after(idle('house/looked', 0), idle('house/waited', 1), idle('house/looked-away', 0))).toEqual([[0, ['wait']]])
  })
})

it('a call of which returns were missed may be over, and what is done within it does not end it', () => {
  const missed = event('log/returns-missed', { call: 'wait', hits: 1 })
  const [task] = openTasks(tasksAfter(missed, say('house/looked', by(7)), say('house/waited', by(7)), say('house/lit', by(7))))
  expect(task!.calls.map((c) => [c.name, c.sure, c.isReturnSure])).toEqual([
    ['look', true, true],
    ['wait', true, false],
  ])
})

describe('after a gap', () => {
  it('a call may be over: it is listed, but not sure', () => {
    const [task] = openTasks(tasksAfter(say('house/waited', by(7)), gap))
    expect(task!.calls.map((c) => c.sure)).toEqual([false])
  })

  it('a task that does something else has left the calls it was in', () => {
    expect(after(say('house/waited', by(7)), gap, say('house/lit', by(7)))).toEqual([])
    expect(after(say('house/waited', by(7)), gap, say('house/looked', by(7)))).toEqual([[7, ['look']]])
    expect(after(say('house/waited', by(7)), gap, say('house/lit', by(8)))).toEqual([[7, ['wait']]])
  })

  it('a return still finds its call', () => {
    expect(after(say('house/looked', by(7)), say('house/waited', by(7)), gap, say('house/stopped-waiting', by(7)))).toEqual([[7, ['look']]])
  })

  it('calls entered since are sure', () => {
    const [task] = openTasks(tasksAfter(say('house/waited', by(7)), gap, say('house/waited', by(7)), say('house/lit', by(7))))
    expect(task!.calls.map((c) => c.sure)).toEqual([true])
  })
})
