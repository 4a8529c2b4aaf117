/** A process with nothing else to do than to wait for a reference that nobody puts. */
import { SharedPercpuRef } from './shared-percpu-ref.ts'

const gate = SharedPercpuRef.create({ workers: 0 })
gate.get()
try {
  await gate.drain({ timeoutMs: 50 })
} catch (error) {
  console.log(String(error))
} finally {
  console.log('finally')
}
