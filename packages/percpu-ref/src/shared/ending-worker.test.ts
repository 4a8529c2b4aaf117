import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { SharedPercpuRef } from './shared-percpu-ref.ts'

/** A worker that has done its part, and what ends its thread. */
async function started(child: string, gate: SharedPercpuRef): Promise<() => Promise<void>> {
  const worker = new Worker(new URL(child, import.meta.url), { workerData: gate.buffer })
  await once(worker, 'message')
  return async () => {
    worker.postMessage('end', [])
    await once(worker, 'exit')
  }
}

it('a thread that ended while it was online is named, and forgotten with what it held', async () => {
  const gate = SharedPercpuRef.create({ workers: 1, name: 'main' })
  const end = await started('ending-worker.child.ts', gate)
  await end()
  await expect(gate.drain({ timeoutMs: 20 })).rejects.toThrow('from worker 1 (http-1): online and busy, blocked, or gone')
  const lost = gate.forget(1)
  expect(lost).toBe(2)
  await gate.confirmed()
  await expect(gate.released({ timeoutMs: 20 })).rejects.toThrow('2 references are still out: nobody who is here took them')
  gate.putMany(lost)
  await gate.drain()
})

it('a thread that ended after it killed is followed by another, though its place is taken again', async () => {
  const gate = SharedPercpuRef.create({ workers: 2 })
  const busy = SharedPercpuRef.attach(gate.buffer)
  busy.online()
  const end = await started('killing-worker.child.ts', gate)
  await end()
  gate.forget(2)
  const drained = gate.drain({ timeoutMs: 3000 })
  expect(SharedPercpuRef.attach(gate.buffer).worker).toBe(2)
  busy.announce()
  busy.offline()
  await drained
})

it('who waits for a killer that ended goes on when that is forgotten', async () => {
  const gate = SharedPercpuRef.create({ workers: 2 })
  const busy = SharedPercpuRef.attach(gate.buffer)
  busy.online()
  const end = await started('killing-worker.child.ts', gate)
  await end()
  busy.offline()
  await expect(gate.confirmed({ timeoutMs: 5 })).rejects.toThrow('who killed the ref has not taken note')
  const confirmed = gate.confirmed({ timeoutMs: 3000 })
  gate.forget(2)
  await confirmed
})
