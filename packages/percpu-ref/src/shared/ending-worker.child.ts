/** A worker that goes online, takes references, and ends without a word. */
import { parentPort, workerData } from 'node:worker_threads'
import { SharedPercpuRef } from './shared-percpu-ref.ts'

const ref = SharedPercpuRef.attach(workerData as SharedArrayBuffer, { name: 'http-1' })
ref.online()
ref.getMany(2)
parentPort!.once('message', () => process.exit())
parentPort!.postMessage('online', [])
