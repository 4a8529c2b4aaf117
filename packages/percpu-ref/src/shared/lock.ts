import { PercpuRefBug } from '../ref-struct.ts'
import { header } from './layout.ts'

const FREE = 0
const TAKEN = 1
/** Taken, and others sleep until it is given back. */
const CONTENDED = 2
/** Taken, and given up by one who slept: nobody sleeps for it any more. */
const LOST = 3

/** Times that somebody looks before it sleeps. What is done under the lock takes microseconds. */
const LOOKS = 1000
/** How long the lock may be kept before it counts as lost, in milliseconds. */
const LOST_MS = 2000
/** About as long, in looks, for threads that the host does not let sleep, as a page's main thread. */
const LOST_LOOKS = 2 ** 25

/** The buffers whose lock this thread has. */
const held = new Set<ArrayBufferLike>()

/**
 * percpu_ref_switch_lock: one thread at a time changes the mode. Nothing waits under it.
 * @throws PercpuRefBug when it is not given back within two seconds: a thread was terminated in the middle of a change, or stopped.
 * Later calls throw at once, until it is given back after all. Also when this thread has it: a listener of its events calls back.
 */
export function locked<T>(words: Int32Array, change: () => T): T {
  if (held.has(words.buffer))
    throw new PercpuRefBug('the mode of this ref is to be changed by who listens to its change: do that when the call has returned')
  if (!take(words))
    throw new PercpuRefBug('a thread was terminated, or is stopped, while it changes the mode of this ref: it cannot be used any more')
  held.add(words.buffer)
  try {
    return change()
  } finally {
    held.delete(words.buffer)
    if (Atomics.exchange(words, header.LOCK, FREE) !== TAKEN) Atomics.notify(words, header.LOCK)
  }
}

function take(words: Int32Array): boolean {
  for (let looks = 0; looks < LOOKS; looks++) if (Atomics.compareExchange(words, header.LOCK, FREE, TAKEN) === FREE) return true
  for (;;) {
    // Others may sleep, too: whoever slept gives it back as one that is contended.
    const found = Atomics.compareExchange(words, header.LOCK, FREE, CONTENDED)
    if (found === FREE) return true
    if (found === LOST) return false
    if (found === TAKEN && Atomics.compareExchange(words, header.LOCK, TAKEN, CONTENDED) !== TAKEN) continue
    if (isKept(words) && Atomics.compareExchange(words, header.LOCK, CONTENDED, LOST) === CONTENDED) return false
  }
}

/** Sleeps until the lock is given back; true when it was not in all that time. */
function isKept(words: Int32Array): boolean {
  try {
    return Atomics.wait(words, header.LOCK, CONTENDED, LOST_MS) === 'timed-out'
  } catch {
    for (let looks = 0; looks < LOST_LOOKS; looks++) if (Atomics.load(words, header.LOCK) !== CONTENDED) return false
    return true
  }
}
