import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import { describe, expect, it } from 'vitest'
import { percpuRefInvariants } from '../invariants.ts'
import { PercpuRefBug, SharedPercpuRef, SharedRefStall } from '../shared.ts'
import { evolvePercpuRef, initialPercpuRef, wordsOf } from '../state.ts'

const attach = (buffer: unknown) => () => SharedPercpuRef.attach(buffer as SharedArrayBuffer)
function gone(): void {}
function fails(): never {
  throw new Error('no')
}

describe('a shared ref', () => {
  it('is released by the put that lands on zero, after its kill was confirmed', async () => {
    const said: string[] = []
    const ref = SharedPercpuRef.create({ workers: 0, release: () => said.push('released') })
    ref.get()
    expect([ref.isDying, ref.isZero, ref.tryGetLive()]).toEqual([false, false, true])
    await ref.killAndConfirm(() => said.push('confirmed'))
    expect([ref.isDying, ref.tryGetLive(), ref.tryGet()]).toEqual([true, false, true])
    for (let i = 0; i < 3; i++) {
      expect([ref.isZero, said]).toEqual([false, ['confirmed']])
      ref.put()
    }
    expect([ref.isZero, said, ref.tryGet()]).toEqual([true, ['confirmed', 'released'], false])
    await ref.released()
  })

  it('confirms before it releases, when nobody holds it', async () => {
    const said: string[] = []
    const ref = SharedPercpuRef.create({ workers: 0, release: () => said.push('released') })
    const killed = ref.killAndConfirm(() => said.push('confirmed'))
    expect(said).toEqual(['confirmed', 'released'])
    await killed
  })

  it('what a confirm callback throws is told to who waits, and the ref is confirmed all the same', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    await expect(ref.killAndConfirm(fails)).rejects.toThrow('no')
    await ref.drain()
    expect(ref.isZero).toBe(true)
  })

  it('counts for whoever puts: another worker, other words', async () => {
    const ref = SharedPercpuRef.create({ workers: 2 })
    const [a, b] = [SharedPercpuRef.attach(ref.buffer), SharedPercpuRef.attach(ref.buffer)]
    a.getMany(5)
    b.putMany(3)
    expect(ref.snapshot().perCpu).toEqual([0n, 5n, 2n ** 64n - 3n])
    const drained = ref.drain()
    b.put()
    expect(ref.isZero).toBe(false)
    b.put()
    await drained
    expect([ref.isZero, a.isDying]).toEqual([true, true])
  })

  it('waits for who is online until it announces, goes offline, or leaves', async () => {
    for (const quiet of ['announce', 'offline', 'detach'] as const) {
      const ref = SharedPercpuRef.create({ workers: 1 })
      const worker = SharedPercpuRef.attach(ref.buffer)
      worker.online()
      let isConfirmed = false
      const confirmed = ref.killAndConfirm(() => (isConfirmed = true))
      // It may not have seen the kill yet: what it gets is in the sum.
      expect(worker.tryGet()).toBe(true)
      expect([isConfirmed, ref.workers.filter(({ isLate }) => isLate).map(({ worker }) => worker)]).toEqual([false, [1]])
      worker[quiet]()
      await confirmed
      expect([isConfirmed, ref.isZero, ref.snapshot().count]).toEqual([true, false, 1n])
    }
  })

  it('does not wait for itself: who kills is between two operations', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    ref.online()
    ref.kill()
    expect([ref.isZero, ref.tryGetLive()]).toEqual([true, false])
    await ref.released()
  })

  it('is offline by default, and each operation is a section of its own', async () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const worker = SharedPercpuRef.attach(ref.buffer)
    worker.get()
    expect(worker.workers.map(({ state }) => state)).toEqual(['offline', 'offline'])
    await ref.killAndConfirm()
    worker.put()
    await ref.released()
    {
      using _ = worker.online()
      expect(ref.workers[1]).toMatchObject({ state: 'online', isLate: false })
      expect(() => worker.online()).toThrow(/worker 1 goes online twice/)
    }
    expect(ref.workers[1]!.state).toBe('offline')
  })

  it('opens again: reinit of a zero one, resurrect of one that is used', async () => {
    const released: string[] = []
    const ref = SharedPercpuRef.create({ workers: 1, release: () => released.push('creator') })
    const worker = SharedPercpuRef.attach(ref.buffer, { release: () => released.push('worker') })
    worker.getMany(7)
    worker.putMany(7)
    expect(() => ref.reinit()).toThrow(/is not dead/)
    await ref.drain()
    ref.reinit()
    expect([ref.isDying, worker.tryGetLive(), ref.snapshot().perCpu]).toEqual([false, true, [0n, 1n]])
    await ref.killAndConfirm()
    expect(() => ref.reinit()).toThrow(/not zero: its count is 1/)
    await ref.resurrect()
    worker.get()
    expect([ref.isDying, released]).toEqual([false, ['creator']])
    const drained = ref.drain()
    worker.putMany(2)
    await drained
    expect(released).toEqual(['creator', 'worker'])
  })

  it('is killed and opened again within one turn', () => {
    let released = 0
    const ref = SharedPercpuRef.create({ workers: 0, release: () => released++ })
    for (let i = 0; i < 3; i++) {
      ref.kill()
      ref.reinit()
    }
    expect(released).toBe(3)
  })

  it('is not opened again before release has run', async () => {
    const ref = SharedPercpuRef.create({ workers: 0, release: (one) => one.reinit() })
    ref.get()
    await ref.killAndConfirm()
    expect(() => ref.put()).toThrow(/release is still running/)
    await ref.released()
    ref.reinit()
    expect(ref.tryGetLive()).toBe(true)
  })

  it('that starts dead gives nothing until it is opened, and is not waited for', async () => {
    const ref = SharedPercpuRef.create({ workers: 0, dead: true })
    expect([ref.isDying, ref.isZero, ref.tryGet(), ref.tryGetLive()]).toEqual([true, true, false, false])
    await ref.drain()
    ref.reinit()
    expect([ref.isDying, ref.tryGetLive()]).toEqual([false, true])
  })

  it('wraps: a worker may take what another gives back, 2^32 times and more', async () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const worker = SharedPercpuRef.attach(ref.buffer)
    for (let i = 0; i < 5; i++) {
      ref.getMany(2 ** 31 - 1)
      worker.putMany(2 ** 31 - 1)
    }
    ref.get()
    await ref.killAndConfirm()
    expect(ref.snapshot().count).toBe(1n)
    ref.put()
    await ref.released()
  })
})

describe('a shared ref says who keeps it waiting', () => {
  it('who has not announced, when time is up; and is confirmed later', async () => {
    const ref = SharedPercpuRef.create({ workers: 2 })
    const quiet = SharedPercpuRef.attach(ref.buffer, { name: 'http-1' })
    quiet.online()
    SharedPercpuRef.attach(ref.buffer, { name: 'http-2' })
    const stalled = await ref.killAndConfirm(null, { timeoutMs: 5 }).catch((error: unknown) => error)
    expect(stalled).toBeInstanceOf(SharedRefStall)
    expect(stalled).toMatchObject({ of: 'grace-period', workers: [{ worker: 1, name: 'http-1', state: 'online' }] })
    expect(String(stalled)).toMatch(/no quiescent state since the kill from worker 1 \(http-1\)/)
    quiet.announce()
    await ref.confirmed()
    expect(ref.isZero).toBe(true)
  })

  it('who holds references', async () => {
    const ref = SharedPercpuRef.create({ workers: 1, name: 'main' })
    const worker = SharedPercpuRef.attach(ref.buffer, { name: 'http-1' })
    worker.getMany(3)
    const abort = new AbortController()
    const drained = ref.drain({ signal: abort.signal }).catch((error: unknown) => error)
    await ref.confirmed()
    worker.put()
    abort.abort(new Error('shutting down'))
    const stalled = await drained
    expect(stalled).toMatchObject({ of: 'references', references: 2, workers: [{ name: 'http-1', held: 2 }], cause: abort.signal.reason })
    expect(String(stalled)).toContain('2 references are still out: worker 1 (http-1) 2')
    worker.putMany(2)
    await ref.drain()
  })

  it('a worker that is gone is forgotten, and what it held given back', async () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const gone = SharedPercpuRef.attach(ref.buffer)
    gone.online()
    gone.getMany(2)
    const drained = ref.drain()
    const held = ref.forget(gone.worker)
    expect(held).toBe(2)
    await ref.confirmed()
    ref.putMany(held)
    await drained
    expect(() => ref.forget(1)).toThrow(/there is no worker 1/)
    // Its place is another's now, who holds nothing.
    expect(SharedPercpuRef.attach(ref.buffer, { name: 'next' }).workers[1]).toMatchObject({ worker: 1, name: 'next', held: 0 })
  })

  it('a killer that is gone: another ends what it began', async () => {
    const ref = SharedPercpuRef.create({ workers: 2 })
    const [killer, busy] = [SharedPercpuRef.attach(ref.buffer), SharedPercpuRef.attach(ref.buffer)]
    busy.online()
    killer.kill()
    const stalled = ref.confirmed({ timeoutMs: 5 })
    await expect(stalled).rejects.toThrow('worker 2')
    busy.announce()
    killer.detach()
    await ref.drain()
    expect(ref.isZero).toBe(true)
  })

  it('more puts than gets end the wait with an error instead of never', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    ref.put()
    await expect(ref.drain()).rejects.toThrow(/the count is -1/)
    const later = SharedPercpuRef.create({ workers: 0 })
    later.get()
    const drained = later.drain()
    await later.confirmed()
    later.putMany(2)
    await expect(drained).rejects.toThrow(PercpuRefBug)
  })

  it('signals that were aborted before, and times that are none', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    ref.get()
    await expect(ref.drain({ signal: AbortSignal.abort('no') })).rejects.toMatchObject({ cause: 'no', references: 1 })
    await expect(ref.released({ timeoutMs: Number.NaN })).rejects.toThrow(RangeError)
    await expect(SharedPercpuRef.create({ workers: 0 }).released({ timeoutMs: 1 })).rejects.toThrow(/nobody has killed/)
  })
})

describe('a shared ref refuses', () => {
  it('a second kill, use after exit, and use after detach', async () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const worker = SharedPercpuRef.attach(ref.buffer)
    worker.online()
    ref.kill()
    expect(() => ref.kill()).toThrow(/more than once/)
    expect(() => ref.exit()).toThrow(/not confirmed yet/)
    expect(() => ref.reinit()).toThrow(/not confirmed yet/)
    worker.announce()
    await ref.released()
    ref.exit()
    ref.exit()
    for (const use of [() => worker.get(), () => worker.put(), () => worker.tryGet(), () => ref.reinit()])
      expect(use).toThrow(/after percpu_ref_exit/)
    expect(worker.tryGetLive()).toBe(false)
    expect(() => SharedPercpuRef.attach(ref.buffer)).toThrow(PercpuRefBug)
    worker.detach()
    worker.detach()
    for (const use of [() => worker.get(), () => worker.online(), () => worker.kill()])
      expect(use).toThrow(/worker 1 uses a shared ref that it was detached from/)
  })

  it('use after detach, though its place is another’s who is online', () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const left = SharedPercpuRef.attach(ref.buffer)
    left.detach()
    const next = SharedPercpuRef.attach(ref.buffer)
    next.online()
    for (const use of [() => left.get(), () => left.put(), () => left.tryGet(), () => left.tryGetLive()]) expect(use).toThrow(/detached/)
    expect(ref.snapshot().perCpu).toEqual([0n, 0n])
  })

  it('use after it was forgotten, its own or another’s place', () => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const forgotten = SharedPercpuRef.attach(ref.buffer)
    forgotten.online()
    expect(() => ref.forget(0)).toThrow(/worker 0 forgets itself: detach instead/)
    for (const worker of [99, -1, 0.5, Number.NaN, 2]) expect(() => ref.forget(worker)).toThrow(`there is no worker ${worker}`)
    ref.forget(1)
    for (const use of [() => forgotten.get(), () => forgotten.tryGetLive(), () => forgotten.kill()]) expect(use).toThrow(/was forgotten/)
    const next = SharedPercpuRef.attach(ref.buffer)
    next.online()
    ref.kill()
    forgotten.announce()
    forgotten.offline()
    forgotten.detach()
    expect(ref.workers[1]).toMatchObject({ state: 'online', isLate: true })
  })

  it('to be waited for once it is ended', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    const released = ref.released()
    ref.exit()
    await expect(released).rejects.toThrow(/after percpu_ref_exit/)
    await expect(ref.drain()).rejects.toThrow(/after percpu_ref_exit/)
    await ref[Symbol.asyncDispose]()
  })

  it('buffers of others, more workers than places, names and numbers out of range', () => {
    const ref = SharedPercpuRef.create({ workers: 1, name: 'main' })
    SharedPercpuRef.attach(ref.buffer, { name: 'x' })
    expect(() => SharedPercpuRef.attach(ref.buffer)).toThrow(/all 2 places are taken, by worker 0 \(main\), worker 1 \(x\)/)
    expect(attach(new ArrayBuffer(4096))).toThrow(/found \[object ArrayBuffer\]/)
    expect(attach(new SharedArrayBuffer(8))).toThrow(/found 8 bytes/)
    expect(attach(new SharedArrayBuffer(4096))).toThrow(/something else/)
    const longer = new SharedArrayBuffer(ref.buffer.byteLength + 128)
    new Int32Array(longer).set(new Int32Array(ref.buffer))
    expect(attach(longer)).toThrow(/not those of 2 workers/)
    new Int32Array(longer)[1] = 9
    expect(attach(longer)).toThrow(/version 9/)
    const name = 5 as unknown as string
    expect(() => SharedPercpuRef.create({ workers: 0, name })).toThrow(/a worker's name is a string, found number/)
    for (const workers of [-1, 0.5, 4096]) expect(() => SharedPercpuRef.create({ workers })).toThrow(/from 0 to 4095/)
    expect(SharedPercpuRef.create({ workers: 4095 }).worker).toBe(0)
    expect(() => SharedPercpuRef.create({ workers: 0, name: 'x'.repeat(32) })).toThrow(/at most 31/)
    for (const n of [-1, 1.5, 2 ** 31, Number.NaN]) expect(() => ref.getMany(n)).toThrow(RangeError)
  })
})

describe('a shared ref in a scope', () => {
  it('is drained and ended at the end of who created it; others just leave', async () => {
    let buffer: SharedArrayBuffer
    let done = false
    {
      await using ref = SharedPercpuRef.create({ workers: 1, release: () => (done = true) })
      buffer = ref.buffer
      {
        await using worker = SharedPercpuRef.attach(buffer)
        worker.get()
        worker.put()
      }
      expect([ref.isDying, ref.workers.length]).toEqual([false, 1])
    }
    expect(done).toBe(true)
    expect(() => SharedPercpuRef.attach(buffer)).toThrow(/after percpu_ref_exit/)
  })
})

describe('the events of a shared ref', () => {
  it('tell of a life, with causes, and break no rule', async () => {
    const events: AnyEvent[] = []
    const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
    const ref = SharedPercpuRef.create({ workers: 1, events: emitter, id: '0xa0', release: gone })
    const worker = SharedPercpuRef.attach(ref.buffer, { events: emitter, id: '0xa0' })
    worker.online()
    worker.get()
    expect(worker.tryGetLive()).toBe(true)
    worker.put()
    const drained = ref.drain()
    worker.announce()
    await ref.confirmed()
    worker.put()
    await drained
    expect(worker.tryGetLive()).toBe(false)
    expect(events.map(({ type }) => type.slice('percpu-ref/'.length)).join(' ')).toBe(
      'initialised got tried put killed switch-started got put switched-to-atomic confirmed switch-ended put put released tried',
    )
    expect(events[0]!.data).toMatchObject({ ref: '0xa0', release: 'gone', cpus: 2 })
    expect(events.at(-2)!.cause).toEqual([events.at(-3)!.seq])
    const state = initialPercpuRef()
    const broken = events.flatMap((event) => {
      evolvePercpuRef(state, event)
      return percpuRefInvariants.flatMap((rule) => rule.judge(state, event))
    })
    expect([broken, wordsOf(state.refs.get('0xa0')!)]).toEqual([[], ref.snapshot()])
  })
})
