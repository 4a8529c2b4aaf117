import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { SharedPercpuRef } from './shared-percpu-ref.ts'

it('a thread that ended while it was online is named, and forgotten with what it held', async () => {
  const gate = SharedPercpuRef.create({ workers: 1, name: 'main' })
  const worker = new Worker(new URL('ending-worker.child.ts', import.meta.url), { workerData: gate.buffer })
  await once(worker, 'message')
  worker.postMessage('end', [])
  await once(worker, 'exit')
  await expect(gate.drain({ timeoutMs: 20 })).rejects.toThrow('from worker 1 (http-1): online and busy, blocked, or gone')
  const lost = gate.forget(1)
  expect(lost).toBe(2)
  await gate.confirmed()
  await expect(gate.released({ timeoutMs: 20 })).rejects.toThrow('2 references are still out: nobody who is here took them')
  gate.putMany(lost)
  await gate.drain()
})
