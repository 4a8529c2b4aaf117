/** One of the two threads: gets and puts for as long as it is told to, and says how far it came. */
import { parentPort, workerData } from 'node:worker_threads'
import { SharedPercpuRef } from '../src/shared.ts'

/** `announcing` every 64 pairs, `bare` in one loop, `offline`; `one-counter`: what there would be instead. */
export type Kind = 'announcing' | 'bare' | 'offline' | 'one-counter'

export interface Orders {
  readonly kind: Kind
  readonly counter: SharedArrayBuffer
}

export interface Pairs {
  readonly pairs: number
  readonly cpuMicros: number
  readonly wallMicros: number
}

/** Pairs between two announcements. */
const ANNOUNCE = 64
/** Pairs between two looks at the clock. */
const STRETCH = 2 ** 16

type Stretch = () => void

function sharedRef(kind: 'announcing' | 'bare' | 'offline', buffer: SharedArrayBuffer): Stretch {
  const ref = SharedPercpuRef.attach(buffer)
  const pairs = (count: number): void => {
    for (let i = 0; i < count; i++) {
      ref.get()
      ref.put()
    }
  }
  if (kind === 'offline') return () => pairs(STRETCH)
  return () => {
    using _ = ref.online()
    for (let done = 0; done < STRETCH; done += ANNOUNCE) {
      pairs(ANNOUNCE)
      if (kind === 'announcing') ref.announce()
    }
  }
}

/** A get, and a put that looks whether it was the last one. */
function oneCounter(counter: SharedArrayBuffer): Stretch {
  const words = new Int32Array(counter)
  let last = 0
  return () => {
    for (let i = 0; i < STRETCH; i++) {
      Atomics.add(words, 0, 1)
      if (Atomics.sub(words, 0, 1) === 1) last++
    }
    if (last > 0) throw new Error('the counter was to hold a reference of its own')
  }
}

const { kind, counter } = workerData as Orders
const stretch = kind === 'one-counter' ? oneCounter(counter) : sharedRef(kind, counter)

parentPort!.on('message', (millis: number) => {
  const cpu = process.threadCpuUsage()
  const start = process.hrtime.bigint()
  let pairs = 0
  let wallMicros = 0
  for (; wallMicros < millis * 1000; wallMicros = Number(process.hrtime.bigint() - start) / 1000) {
    stretch()
    pairs += STRETCH
  }
  const { user, system } = process.threadCpuUsage(cpu)
  parentPort!.postMessage({ pairs, cpuMicros: user + system, wallMicros } satisfies Pairs, [])
})
