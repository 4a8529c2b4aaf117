import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Emitter, ManualClock } from '@devtrail/events'
import { describe, expect, it, vi } from 'vitest'
import { PercpuRefBug } from '../ref-struct.ts'
import { header } from './layout.ts'
import { SharedPercpuRef } from './shared-percpu-ref.ts'

describe('the lock of a mode change', () => {
  it('is waited for while another thread has it', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    const done = new Int32Array(new SharedArrayBuffer(4))
    const code = `
      const { parentPort, workerData: { words, done, LOCK } } = require('node:worker_threads')
      words[LOCK] = 1
      parentPort.postMessage('taken')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      Atomics.store(done, 0, 1)
      if (Atomics.exchange(words, LOCK, 0) !== 1) Atomics.notify(words, LOCK)`
    const worker = new Worker(code, { eval: true, workerData: { words: new Int32Array(ref.buffer), done, LOCK: header.LOCK } })
    await once(worker, 'message')
    ref.kill()
    expect([Atomics.load(done, 0), ref.isDying]).toEqual([1, true])
    await worker.terminate()
  })

  it('that is never given back is said to be lost after two seconds, and from then on at once', async () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    const words = new Int32Array(ref.buffer)
    words[header.LOCK] = 1
    const waits = vi.spyOn(Atomics, 'wait')
    expect(() => ref.kill()).toThrow(/a thread was terminated, or is stopped/)
    expect(() => ref.kill()).toThrow(PercpuRefBug)
    expect(waits.mock.calls.map(([, , , ms]) => ms)).toEqual([2000])
    // It was stopped, and goes on.
    Atomics.store(words, header.LOCK, 0)
    await ref.drain()
    waits.mockRestore()
  })

  it('is looked for where a thread may not sleep', () => {
    const ref = SharedPercpuRef.create({ workers: 0 })
    const words = new Int32Array(ref.buffer)
    words[header.LOCK] = 1
    const waits = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      // Given back while this thread looks.
      Atomics.store(words, header.LOCK, 0)
      throw new TypeError('Atomics.wait cannot be called in this context')
    })
    ref.kill()
    waits.mockRestore()
    expect(ref.isDying).toBe(true)
  })

  it('is not waited for by who has it: a listener that changes the mode', async () => {
    let thrown: unknown = null
    const events = new Emitter(new ManualClock(), ({ type }) => {
      if (type !== 'percpu-ref/killed') return
      try {
        ref.exit()
      } catch (error) {
        thrown = error
      }
    })
    const ref = SharedPercpuRef.create({ workers: 0, events })
    await ref.drain()
    expect(thrown).toMatchObject({ name: 'PercpuRefBug', message: expect.stringContaining('by who listens') as string })
    ref.exit()
  })
})
