import { PercpuRefBug } from '../ref-struct.ts'
import { header } from './layout.ts'

/** Looks at the lock before it counts as lost: some seconds. What is done under it takes microseconds. */
const LOOKS_MAX = 2 ** 29

/**
 * percpu_ref_switch_lock: one thread at a time changes the mode. Nothing waits under it.
 * @throws PercpuRefBug when it is never given back: a thread was terminated in the middle of a change.
 */
export function locked<T>(words: Int32Array, change: () => T): T {
  for (let looks = 0; Atomics.compareExchange(words, header.LOCK, 0, 1) !== 0; looks++)
    if (looks > LOOKS_MAX)
      throw new PercpuRefBug('a thread was terminated while it changed the mode of this ref: it cannot be used any more')
  try {
    return change()
  } finally {
    Atomics.store(words, header.LOCK, 0)
  }
}
