/** Waiting without blocking the thread, and for how long. */
import { header } from './layout.ts'

/** The parts of an AbortSignal that are looked at. */
export interface Abort {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** How long to wait. */
export interface WaitLimits {
  /** Gives up when this is aborted. */
  readonly signal?: Abort | undefined
  /** Gives up after so many milliseconds, of which there is at least one; the process is kept alive for them. Undefined is as if left out. */
  readonly timeoutMs?: number | undefined
}

/** Every host has these two, with whatever handle. */
declare const setTimeout: (run: () => void, ms: number) => unknown
declare const clearTimeout: (timer: unknown) => void
/** The longest time that a host's timer takes. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** Something happened that others may wait for: whoever waits for {@link header.NEWS} looks again. */
export function tell(words: Int32Array): void {
  Atomics.add(words, header.NEWS, 1)
  Atomics.notify(words, header.NEWS)
}

/** Until somebody notifies of the word; at once when it is not `value`. */
export async function changed(words: Int32Array, index: number, value: number): Promise<void> {
  await Atomics.waitAsync(words, index, value).value
}

/** @throws RangeError for a time that is none. */
export function checkLimits({ timeoutMs }: WaitLimits): void {
  const isTime = typeof timeoutMs === 'number' ? timeoutMs >= 0 : timeoutMs === undefined
  if (!isTime) throw new RangeError(`timeoutMs is a number of milliseconds from 0, found ${String(timeoutMs)}`)
}

/**
 * What `work` gives; `work` goes on when a limit comes first.
 * @throws what `stalled` makes of the signal's reason (undefined: it was the time).
 */
export async function within<T>(work: Promise<T>, { signal, timeoutMs }: WaitLimits, stalled: (cause: unknown) => Error): Promise<T> {
  const { promise: limit, resolve: ring } = Promise.withResolvers<'limit'>()
  const atLimit = (): void => ring('limit')
  const stop = after(Math.max(timeoutMs ?? Infinity, 1), atLimit)
  signal?.addEventListener('abort', atLimit, { once: true })
  if (signal?.aborted) atLimit()
  try {
    const first = await Promise.race([work.then((value) => ({ value })), limit])
    if (first !== 'limit') return first.value
    throw stalled(signal?.aborted ? signal.reason : undefined)
  } finally {
    signal?.removeEventListener('abort', atLimit)
    stop()
  }
}

/** Runs it once the time is over, unless what it returns is called before. */
function after(ms: number, run: () => void): () => void {
  let timer: unknown
  const arm = (left: number): void => {
    timer = setTimeout(() => (left > TIMER_MAX_MS ? arm(left - TIMER_MAX_MS) : run()), Math.min(left, TIMER_MAX_MS))
  }
  if (ms === Infinity) return () => undefined
  arm(ms)
  return () => clearTimeout(timer)
}
