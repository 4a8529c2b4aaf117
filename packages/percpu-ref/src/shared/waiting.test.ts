import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SharedPercpuRef } from './shared-percpu-ref.ts'
import { GRACE_PERIOD_STALL_MS } from './teardown.ts'

const whatThrew = (error: unknown): unknown => error

describe('a wait', () => {
  afterEach(() => void vi.useRealTimers())

  it('with a limit keeps the process alive until then', async () => {
    const child = join(import.meta.dirname, 'stalled-process.child.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@devtrail/source', child])
    expect(stdout).toBe('SharedRefStall: 1 reference is still out: worker 0 1\nfinally\n')
  })

  it.each([{}, { timeoutMs: undefined }, { signal: undefined }])('for a grace period ends after 21 seconds: %j', async (limits) => {
    const ref = SharedPercpuRef.create({ workers: 1 })
    const busy = SharedPercpuRef.attach(ref.buffer)
    busy.online()
    vi.useFakeTimers()
    const stalled = ref.killAndConfirm(null, limits).catch(whatThrew)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(GRACE_PERIOD_STALL_MS)
    expect(await stalled).toMatchObject({ of: 'grace-period' })
    busy.offline()
  })

  it('may be longer than a timer of the host', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    ref.get()
    await ref.killAndConfirm()
    vi.useFakeTimers()
    const stalled = ref.released({ timeoutMs: 2 ** 31 + 10 }).catch(whatThrew)
    await vi.advanceTimersByTimeAsync(2 ** 31 - 1)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(11)
    expect(await stalled).toMatchObject({ of: 'references' })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('with limits that are none is refused before anything is killed', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    const limits = { timeoutMs: -1 }
    await expect(ref.killAndConfirm(null, limits)).rejects.toThrow(/timeoutMs is a number of milliseconds from 0, found -1/)
    await expect(ref.drain({ timeoutMs: Number.NaN })).rejects.toThrow(RangeError)
    await expect(ref.released({ timeoutMs: '5' as unknown as number })).rejects.toThrow(RangeError)
    expect(ref.isDying).toBe(false)
  })

  it('for a release that came and went: it was brought back before who waited went on', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    ref.get()
    const drained = ref.drain({ timeoutMs: 1000 })
    ref.put()
    ref.reinit()
    ref.get()
    await drained
    await ref.killAndConfirm()
    const released = ref.released({ timeoutMs: 1000 })
    ref.put()
    ref.reinit()
    await released
    expect(ref.isDying).toBe(false)
  })
})
