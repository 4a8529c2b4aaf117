/** Runs release functions one after the other: one that throws does not keep the others from being run. */
export type Run = () => unknown

function rethrow(errors: readonly unknown[]): void {
  if (errors.length === 0) return
  throw errors.length === 1 ? errors[0] : new AggregateError(errors, `${errors.length} release functions threw`)
}

/** @throws what one threw, or an AggregateError of all. */
export function runAll(runs: Iterable<Run>): void {
  const errors: unknown[] = []
  for (const run of runs) {
    try {
      run()
    } catch (error) {
      errors.push(error)
    }
  }
  rethrow(errors)
}

/** As {@link runAll}, waiting for each. */
export async function runAllAsync(runs: Iterable<Run>): Promise<void> {
  const errors: unknown[] = []
  for (const run of runs) {
    try {
      await run()
    } catch (error) {
      errors.push(error)
    }
  }
  rethrow(errors)
}
