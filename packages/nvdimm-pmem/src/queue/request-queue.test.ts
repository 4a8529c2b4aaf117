/** `spec/memremap.md` §5 says what a queue does; what a queue means for pages is tested in memremap. */
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { NeverEnds, Progress, Rcu, finish } from '@devtrail/memremap'
import { describe, expect, test } from 'vitest'
import { nvdimmPmemModel } from '../model.ts'
import { RequestQueue } from './request-queue.ts'

type Rules = 'seed' | 'linux-6.1'
const eras = ['seed', 'linux-6.1'] as const

function made(rules: Rules): { queue: RequestQueue; rcu: Rcu; types: () => string[]; state: ReturnType<typeof nvdimmPmemModel.initial> } {
  const events: AnyEvent[] = []
  const state = nvdimmPmemModel.initial()
  const emitter = new Emitter(new ManualClock(), (event) => {
    events.push(event)
    if (event.type.startsWith('nvdimm-pmem/')) nvdimmPmemModel.evolve(state, event)
  })
  const rcu = new Rcu()
  const queue = RequestQueue.alloc({ emitter, ids: new Ids(), rcu, rules })!
  const types = (): string[] =>
    events.flatMap((e) => (e.type.startsWith('nvdimm-pmem/') ? [e.type.slice('nvdimm-pmem/queue-'.length)] : []))
  return { queue, rcu, types, state }
}

describe.each(eras)('%s', (rules) => {
  test('its counter begins atomic with one reference, and counts per CPU once it is registered', () => {
    const { queue } = made(rules)
    expect([queue.usage.snapshot().atomic, queue.users]).toEqual([true, 1])
    expect([queue.enter(), queue.users]).toEqual([0, 2])
    queue.exit()
    queue.register()
    expect([queue.usage.snapshot().atomic, queue.users]).toEqual([false, 1])
  })

  test('nested freezes kill the counter once; the last unfreeze brings it back', () => {
    const { queue, state, types } = made(rules)
    queue.register()
    queue.freeze()
    queue.freeze()
    expect(state.queues.get(queue.pointer)).toMatchObject({ frozen: 2, ref: { dying: true, count: 0 } })
    expect(types().filter((t) => t === 'ref-released')).toHaveLength(1)
    queue.unfreeze()
    expect(queue.enter({ nowait: true })).toBe(rules === 'seed' ? -16 : -11)
    queue.unfreeze()
    expect(queue.enter()).toBe(0)
    expect(state.queues.get(queue.pointer)).toMatchObject({ frozen: 0, ref: { dying: false } })
  })

  test('who waits for a frozen queue is let in when it is unfrozen, and refused when it dies', () => {
    const { queue, rcu, types } = made(rules)
    queue.freeze()
    const first = new Progress(queue.enterSteps(), rcu)
    expect(first.advance()).toBe(false)
    queue.unfreeze()
    expect([first.advance(), first.result]).toEqual([true, 0])
    queue.exit()
    queue.freeze()
    const second = new Progress(queue.enterSteps(), rcu)
    expect(second.advance()).toBe(false)
    queue.markDying()
    expect([second.advance(), second.result]).toEqual([true, -19])
    expect(types().filter((t) => t.startsWith('enter'))).toEqual([
      'enter-wait-started',
      'enter-wait-ended',
      'enter-wait-started',
      'enter-wait-ended',
    ])
  })

  test('a freeze waits for who is in it', () => {
    const { queue, rcu } = made(rules)
    queue.register()
    queue.enter()
    expect(() => queue.freeze()).toThrow(NeverEnds)
    queue.exit()
    expect(finish(queue.freezeWaitSteps(), rcu)).toBe(undefined)
  })
})

test('a signal ends the wait in the seed, and does not in 6.1', () => {
  const seed = made('seed')
  seed.queue.freeze()
  expect(seed.queue.enter({ killed: () => true })).toBe(-512)
  const later = made('linux-6.1')
  later.queue.freeze()
  expect(() => later.queue.enter({ killed: () => true })).toThrow(NeverEnds)
})

test('a dead disk refuses a bio that must not wait with -ENODEV in 6.1, and with -EBUSY in the seed', () => {
  const answers = eras.map((rules) => {
    const { queue } = made(rules)
    queue.markDying()
    queue.freezeStart()
    return queue.enter({ nowait: true, bio: true })
  })
  expect(answers).toEqual([-16, -19])
})

test('the seed cleans up in the order of blk_cleanup_queue; a second time is a bug of the caller', () => {
  const { queue, types, state } = made('seed')
  queue.register()
  queue.cleanup()
  expect(types()).toEqual([
    'allocated',
    'cleanup-started',
    'dying',
    'freeze-started',
    'freeze-started',
    'wait-started',
    'ref-released',
    'wait-ended',
    'usage-exited',
    'put',
    'cleanup-ended',
  ])
  expect([queue.dead, queue.usage.isExited]).toEqual([true, true])
  expect(() => queue.cleanup()).toThrow('is cleaned up a second time (after event')
  expect(state.queues.size).toBe(0)
})

test('in 6.1 the counter goes a grace period after the last put', () => {
  const { queue, rcu, types } = made('linux-6.1')
  queue.freeze()
  queue.put()
  expect(queue.usage.isExited).toBe(false)
  rcu.drain()
  expect([queue.usage.isExited, types().at(-1)]).toEqual([true, 'usage-exited'])
  expect(() => queue.put()).toThrow('is put a second time')
})

test('where there is no memory there is no queue', () => {
  const machine = { emitter: new Emitter(new ManualClock()), ids: new Ids(), rcu: new Rcu(), rules: 'seed' as const }
  expect(RequestQueue.alloc({ ...machine, mayAllocateQueue: () => false })).toBe(null)
})
