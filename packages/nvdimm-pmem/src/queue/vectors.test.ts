/** The numbered vectors of `spec/memremap.md` §5 about the usage counter of a queue; 18 to 21 are the driver's, 22 and 23 memremap's, 14 to 17 of other kernels. */
import { Emitter, errno, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { finish, Rcu } from '@devtrail/memremap'
import { describe, expect, test } from 'vitest'
import { RequestQueue } from './request-queue.ts'

const BIAS = 1n << 63n

function made(rules: 'seed' | 'linux-6.1'): { queue: RequestQueue; rcu: Rcu; said: (type: string) => number; count: () => bigint | null } {
  const events: AnyEvent[] = []
  const rcu = new Rcu()
  const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
  const queue = RequestQueue.alloc({ emitter, ids: new Ids(), rcu, rules })!
  const said = (type: string): number => events.filter((event) => event.type === type).length
  return { queue, rcu, said, count: () => queue.usage.snapshot().count }
}

const RELEASED = 'nvdimm-pmem/queue-ref-released'

describe.each(['seed', 'linux-6.1'] as const)('%s', (rules) => {
  test('vectors 1, 2 and 3: allocated it is atomic and counts 1, entered 2, left 1; killed it is released at once', () => {
    const { queue, said, count } = made(rules)
    expect([queue.usage.snapshot().atomic, count()]).toEqual([true, 1n])
    expect([queue.enter(), count()]).toEqual([0, 2n])
    queue.exit()
    expect(count()).toBe(1n)
    queue.usage.kill()
    expect([count(), said(RELEASED)]).toEqual([0n, 1])
  })

  test('vectors 4, 5 and 6: registered it counts per CPU from the bias; killed under three it is gathered after a grace period', () => {
    const { queue, rcu, said, count } = made(rules)
    queue.register()
    expect([queue.usage.snapshot().atomic, count(), queue.usage.isZero]).toEqual([false, BIAS + 1n, false])
    for (let n = 0; n < 3; n++) expect(queue.enter()).toBe(0)
    queue.usage.kill()
    expect(count()).toBe(BIAS + 1n)
    rcu.pass()
    expect([count(), said(RELEASED)]).toEqual([3n, 0])
    for (let n = 0; n < 3; n++) queue.exit()
    expect([count(), said(RELEASED), queue.usage.isZero]).toEqual([0n, 1, true])
  })

  test('vectors 7 and 8: of a dead one nobody gets a live reference; another one, or without asking, anybody', () => {
    const { queue, count } = made(rules)
    for (let n = 0; n < 3; n++) queue.enter()
    queue.usage.kill()
    expect([count(), queue.usage.tryGetLive(), queue.usage.tryGet(), count()]).toEqual([3n, false, true, 4n])
    queue.usage.put()
    queue.exit()
    expect(count()).toBe(2n)
    queue.usage.get()
    expect(count()).toBe(3n)
  })

  test('vectors 9 and 10: a second kill, and two puts too many, are warned about', () => {
    const { queue, rcu, said } = made(rules)
    queue.enter()
    queue.usage.kill()
    queue.usage.kill()
    expect(said('percpu-ref/warned')).toBe(1)
    const other = made(rules)
    other.queue.register()
    other.queue.usage.putMany(2)
    other.queue.usage.kill()
    other.rcu.pass()
    expect(other.said('percpu-ref/warned')).toBe(1)
    rcu.drain()
  })

  test('vectors 11 and 12: a frozen queue lets nobody in who must not wait; who waits for one that dies is refused', () => {
    const { queue } = made(rules)
    queue.freeze()
    expect(queue.enter({ nowait: true })).toBe(rules === 'seed' ? errno.EBUSY : errno.EAGAIN)
    const waiting = queue.enterSteps()
    expect(waiting.next().done).toBe(false)
    queue.markDying()
    expect(finish(waiting)).toBe(errno.ENODEV)
  })

  test('vector 13: freezes nest: one kill, and one time brought back', () => {
    const { queue, said, count } = made(rules)
    queue.register()
    const back = (): number => said('percpu-ref/reinitialised') + said('percpu-ref/resurrected')
    const depths = ['freeze', 'freeze', 'unfreeze', 'unfreeze'].map((step) => {
      queue[step as 'freeze' | 'unfreeze']()
      return [queue.frozen, said('percpu-ref/killed'), back()]
    })
    expect(depths).toEqual([
      [1, 1, 0],
      [2, 1, 0],
      [1, 1, 0],
      [0, 1, 1],
    ])
    expect([queue.users, count()]).toEqual([1, BIAS + 1n])
  })
})
