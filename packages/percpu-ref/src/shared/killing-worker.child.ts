/** A worker that kills, and ends before it is confirmed. */
import { parentPort, workerData } from 'node:worker_threads'
import { SharedPercpuRef } from './shared-percpu-ref.ts'

SharedPercpuRef.attach(workerData as SharedArrayBuffer, { name: 'killer' }).kill()
parentPort!.once('message', () => process.exit())
parentPort!.postMessage('killed', [])
