/** Waiting without blocking the thread, and for how long. */

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
  /** Gives up after so many milliseconds, of which there is at least one. */
  readonly timeoutMs?: number | undefined
}

/** Until somebody notifies of the word; at once when it is not `value`. */
export async function changed(words: Int32Array, index: number, value: number): Promise<void> {
  await Atomics.waitAsync(words, index, value).value
}

/**
 * What `work` gives; `work` goes on when a limit comes first. The language has no timer: the limit is a wait for a word
 * that nobody writes.
 * @throws what `stalled` makes of the signal's reason (undefined: it was the time); RangeError for a time that is none.
 */
export async function within<T>(
  work: Promise<T>,
  { signal, timeoutMs = Infinity }: WaitLimits,
  stalled: (cause: unknown) => Error,
): Promise<T> {
  if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs is a number of milliseconds from 0, found ${timeoutMs}`)
  const alarm = new Int32Array(new SharedArrayBuffer(4))
  const ring = (): void => void Atomics.notify(alarm, 0)
  const limit = Atomics.waitAsync(alarm, 0, 0, Math.max(timeoutMs, 1)).value
  signal?.addEventListener('abort', ring, { once: true })
  if (signal?.aborted) ring()
  try {
    const first = await Promise.race([work.then((value) => ({ value })), limit])
    if (typeof first === 'object') return first.value
    throw stalled(signal?.aborted ? signal.reason : undefined)
  } finally {
    signal?.removeEventListener('abort', ring)
    ring()
  }
}
