/** Runs one after the other: one that throws does not keep the others from being run. */
export type Run = () => unknown

function rethrow(errors: readonly unknown[]): void {
  if (errors.length === 0) return
  const all = errors.flatMap((error) => (error instanceof TeardownError ? error.errors : [error]))
  throw all.length === 1 ? all[0] : new TeardownError(all)
}

/** Several threw. */
class TeardownError extends AggregateError {
  constructor(errors: readonly unknown[]) {
    super(errors, `${errors.length} functions of a teardown threw`)
  }
}

/** A task that waits for ever: in a kernel nothing that comes after the wait happens. Whoever throws such an error says so by `hangs`. */
const hangs = (error: unknown): boolean => (error as { readonly hangs?: unknown } | null | undefined)?.hangs === true

/** @throws what one threw, or an AggregateError of all; at once what says that it `hangs`. */
export function runAll(runs: Iterable<Run>): void {
  const errors: unknown[] = []
  for (const run of runs) {
    try {
      run()
    } catch (error) {
      if (hangs(error)) throw error
      errors.push(error)
    }
  }
  rethrow(errors)
}

/** As {@link runAll}, waiting for each that has to be waited for. */
export async function runAllAsync(runs: Iterable<Run>): Promise<void> {
  const errors: unknown[] = []
  for (const run of runs) {
    try {
      const running = run()
      if (isPromiseLike(running)) await running
    } catch (error) {
      errors.push(error)
    }
  }
  rethrow(errors)
}

const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'
