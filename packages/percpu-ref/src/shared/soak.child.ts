/** A worker of the soak: takes and gives back references in every way there is until the ref is dead, life after life. */
import { workerData } from 'node:worker_threads'
import { SharedPercpuRef } from './shared-percpu-ref.ts'
import { recordRelease, report, type SoakWork } from './soak.test-support.ts'

const { buffer, reports, worker, seed } = workerData as SoakWork
const words = new Int32Array(reports)
const mine = report.LINE * worker
const HELD = mine + report.HELD
const BATCH = 64
let random = seed
const below = (n: number): number => {
  random = (Math.imul(random, 1_103_515_245) + 12_345) | 0
  return (random >>> 8) % n
}

const ref = SharedPercpuRef.attach(buffer, { name: `soak ${worker}`, release: () => recordRelease(words) })
let done = 0

function take(): boolean {
  if (!ref.tryGetLive()) return false
  words[HELD]!++
  return true
}

function give(): void {
  words[HELD]!--
  ref.put()
}

/** Takes and gives back; every fourth is kept for a while, some are left for the other worker. False once the ref is dead. */
function batch(): boolean {
  for (let i = 0; i < BATCH; i++) {
    if (!take()) return false
    if ((i & 3) === 0 && words[HELD]! < 100) continue
    give()
  }
  done += 2 * BATCH
  if (below(4) === 0) exchange()
  while (words[HELD]! > below(100)) give()
  return true
}

/** Leaves a reference, and gives back one that the other left. The pool is counted for both, so that a release sees neither. */
function exchange(): void {
  if (words[HELD]! > 0) {
    words[HELD]!--
    Atomics.add(words, report.POOL, 1)
  }
  takeFromPool()
}

function takeFromPool(): void {
  for (let left = Atomics.load(words, report.POOL); left > 0; left = Atomics.load(words, report.POOL)) {
    if (Atomics.compareExchange(words, report.POOL, left, left - 1) !== left) continue
    ref.put()
    return
  }
}

function live(): void {
  const isOnline = below(8) > 0
  if (isOnline) ref.online()
  for (;;) {
    if (!batch()) break
    ref.announce()
    if (isOnline && below(64) === 0) {
      ref.offline()
      ref.online()
    }
  }
  while (words[HELD]! > 0) give()
  ref.offline()
}

for (let life = 0; ;) {
  Atomics.wait(words, report.LIFE, life)
  life = Atomics.load(words, report.LIFE)
  if (life < 0) break
  live()
  // Nobody leaves anything for others any more once both are here.
  while (Atomics.load(words, report.POOL) > 0) takeFromPool()
  Atomics.store(words, mine + report.MILLIONS, Math.floor(done / 1e6))
  Atomics.store(words, mine + report.REST, done % 1e6)
  Atomics.store(words, mine + report.IDLE, life)
  Atomics.notify(words, mine + report.IDLE)
}
ref.detach()
