import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'

/** As `toStrictEqual`, which takes its time: it is only asked to say where things differ. */
export function expectSame(found: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(found, expected)) expect(found).toStrictEqual(expected)
}
