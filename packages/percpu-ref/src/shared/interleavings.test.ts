import { Emitter, ManualClock } from '@devtrail/events'
import { describe, expect, it } from 'vitest'
import { epochOf } from './grace-period.ts'
import { interleaved } from './interleaving.test-support.ts'
import { GATE, header, lineOf, OFFLINE } from './layout.ts'
import { Said } from './said.ts'
import { SharedPercpuRef } from './shared-percpu-ref.ts'
import { SharedStruct } from './shared-struct.ts'

const structOf = (ref: SharedPercpuRef): SharedStruct => new SharedStruct(new Int32Array(ref.buffer), new Said(null, ''))
const isLate = (ref: SharedPercpuRef, worker: number): boolean => ref.workers.find((one) => one.worker === worker)!.isLate

describe('whatever others do in between', () => {
  const ways = {
    detach: (_: SharedPercpuRef, leaving: SharedPercpuRef) => leaving.detach(),
    forget: (main: SharedPercpuRef, leaving: SharedPercpuRef) => void main.forget(leaving.worker),
  }
  it.each(Object.entries(ways))('who leaves by %s announces nothing for who has its place next', async (_, leave) => {
    const main = SharedPercpuRef.create({ workers: 1 })
    const leaving = SharedPercpuRef.attach(main.buffer)
    let next: SharedPercpuRef | null = null
    const leaveIt = (): void => leave(main, leaving)
    interleaved(leaveIt, 'after', () => {
      if (next !== null || main.workers.length === 2) return
      next = SharedPercpuRef.attach(main.buffer)
      next.online()
      main.kill()
    })
    expect(isLate(main, 1)).toBe(true)
    await expect(main.confirmed({ timeoutMs: 5 })).rejects.toThrow('worker 1')
    next!.announce()
    await main.confirmed()
  })

  it('who goes online while it is killed has announced that it saw it', () => {
    const main = SharedPercpuRef.create({ workers: 1 })
    const worker = SharedPercpuRef.attach(main.buffer)
    const gate = lineOf(1) + GATE
    interleaved(
      () => worker.online(),
      'before',
      ({ op, index }) => {
        if (op === 'and' && index === gate) main.kill()
      },
    )
    expect([main.isDying, isLate(main, 1)]).toEqual([true, false])
  })

  it('tryget gives no reference when the count falls to zero just then', async () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const other = SharedPercpuRef.attach(ref.buffer)
    ref.get()
    await ref.killAndConfirm()
    let isPut = false
    const got = interleaved(
      () => ref.tryGet(),
      'before',
      ({ op, index }) => {
        if (op !== 'compareExchange' || index !== header.COUNT || isPut) return
        isPut = true
        other.put()
      },
    )
    expect([isPut, got, ref.isZero]).toEqual([true, false, true])
  })

  it('a grace period that is over says nothing about the next kill', async () => {
    const ref = SharedPercpuRef.create({ workers: 2 })
    const [main, struct] = [{ worker: 0, tenancy: 1 }, structOf(ref)]
    struct.kill(main)
    const epoch = epochOf(struct.words)
    await ref.drain()
    ref.reinit()
    const late = SharedPercpuRef.attach(ref.buffer)
    late.online()
    ref.kill()
    // Who found the first grace period over and comes late.
    expect([struct.gather(main, epoch), struct.isBiased]).toEqual([false, true])
    late.announce()
    await ref.drain()
  })

  it('one takes the sum, and no other', () => {
    const struct = structOf(SharedPercpuRef.create({ workers: 1 }))
    const [main, other] = [
      { worker: 0, tenancy: 1 },
      { worker: 1, tenancy: 1 },
    ]
    struct.kill(main)
    const epoch = epochOf(struct.words)
    expect([struct.gather(other, epoch), struct.gather(main, epoch), struct.gather(main, epoch), struct.count]).toEqual([
      false,
      true,
      false,
      1,
    ])
    expect([struct.endSwitch(other, epoch), struct.endSwitch(main, epoch), struct.endSwitch(main, epoch)]).toEqual([false, true, false])
  })
})

describe('who ends the switch', () => {
  it('is who killed, whoever waits and wakes first: its callback runs', async () => {
    const ref = SharedPercpuRef.create({ workers: 2 })
    const busy = SharedPercpuRef.attach(ref.buffer)
    busy.online()
    let confirmed: Promise<void> | undefined
    const events = new Emitter(new ManualClock(), ({ type }) => {
      if (type === 'percpu-ref/switch-started') confirmed = ref.confirmed()
    })
    const killer = SharedPercpuRef.attach(ref.buffer, { events })
    let isCalled = false
    const killed = killer.killAndConfirm(() => (isCalled = true))
    busy.announce()
    await Promise.all([confirmed, killed])
    expect(isCalled).toBe(true)
  })

  it('who leaves in its callback is followed by another, once', async () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const killer = SharedPercpuRef.attach(ref.buffer)
    ref.get()
    await killer.killAndConfirm((one) => one.detach())
    await ref.confirmed({ timeoutMs: 1000 })
    expect(ref.snapshot().count).toBe(1n)
    ref.put()
    await ref.drain()
  })

  it('is another while its callback runs, when it leaves there', async () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const killer = SharedPercpuRef.attach(ref.buffer)
    ref.get()
    let followed: Promise<void> | undefined
    await killer.killAndConfirm((one) => {
      one.detach()
      followed = SharedPercpuRef.attach(ref.buffer).confirmed()
    })
    await followed
    expect(ref.snapshot()).toMatchObject({ count: 1n, switching: false })
  })

  it('who has the place of one that ended in the middle takes no second sum', () => {
    const struct = structOf(SharedPercpuRef.create({ workers: 0 }))
    const [ended, next] = [
      { worker: 0, tenancy: -1 },
      { worker: 0, tenancy: 1 },
    ]
    struct.kill(ended)
    const epoch = epochOf(struct.words)
    expect([struct.gather(ended, epoch), struct.gather(next, epoch), struct.count]).toEqual([true, true, 1])
    expect([struct.endSwitch(ended, epoch), struct.endSwitch(next, epoch)]).toEqual([false, true])
  })

  it('a place that is taken again says nothing of its last worker', () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    SharedPercpuRef.attach(ref.buffer, { events: new Emitter(new ManualClock(), () => undefined) }).detach()
    SharedPercpuRef.attach(ref.buffer)
    expect(new Int32Array(ref.buffer)[lineOf(1) + GATE]).toBe(OFFLINE)
  })
})
