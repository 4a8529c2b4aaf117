/** No kind of answer goes uncompared: of every operation, and of every place in what it answers, some are changed. */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect, it } from 'vitest'
import { answerOf } from './compare.ts'
import { runSequence } from './run-sequence.ts'
import type { Answer } from './sequence.ts'
import { subsystems } from './subsystems.ts'
import { sequencesOf, vectorFiles } from './vector-files.ts'

const COPIED = join(import.meta.dirname, '../../recordings/vectors')
/** So many changes of each kind are tried. */
const EACH = 2

type Key = string | number

/** What is done to an answer, and where; what comes of it is made only when it is tried. */
interface Change {
  readonly kind: string
  readonly make: () => unknown
}

const otherValue = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'string') return `${value}0`
  if (typeof value === 'boolean') return !value
  return value === null ? 0 : null
}

function* arrayChanges(array: readonly unknown[]): Generator<Change> {
  yield { kind: ' prolonged', make: () => [...array, array.at(-1) ?? 0] }
  if (array.length > 0) yield { kind: ' shortened', make: () => array.slice(0, -1) }
  const i = array.findIndex((value, at) => at > 0 && !isDeepStrictEqual(value, array[at - 1]))
  if (i > 0) yield { kind: ' swapped', make: () => array.with(i - 1, array[i]).with(i, array[i - 1]) }
}

/** All that differs from `value` in one place. */
function* changesOf(value: unknown): Generator<Change> {
  if (typeof value !== 'object' || value === null) {
    yield { kind: ' changed', make: () => otherValue(value) }
  } else if (Array.isArray(value)) {
    yield* arrayChanges(value)
    for (const [i, inner] of value.entries())
      for (const { kind, make } of changesOf(inner)) yield { kind: `[]${kind}`, make: () => value.with(i, make()) }
  } else {
    for (const key of Object.keys(value)) {
      const { [key]: inner, ...rest } = value as Record<Key, unknown>
      yield { kind: `.${key} left out`, make: () => rest }
      for (const { kind, make } of changesOf(inner)) yield { kind: `.${key}${kind}`, make: () => ({ ...rest, [key]: make() }) }
    }
    yield { kind: ' with more', make: () => ({ ...value, surprise: 1 }) }
  }
}

it('any answer of any kind, changed, is a divergence', async () => {
  const tried = new Map<string, number>()
  const unnoticed: string[] = []
  for (const file of await vectorFiles(COPIED)) {
    for await (const sequence of sequencesOf(file)) {
      for (const [index, operation] of sequence.ops.entries()) {
        const { op, args } = operation
        for (const { kind: place, make } of changesOf(answerOf(operation))) {
          const kind = `${sequence.subsystem}/${op}${place}`
          const before = tried.get(kind) ?? 0
          if (before >= EACH) continue
          tried.set(kind, before + 1)
          const ops = sequence.ops.with(index, { ...(make() as Answer), op, args })
          const { divergence } = runSequence(subsystems[sequence.subsystem]!, { ...sequence, ops })
          if (divergence?.operation !== index) unnoticed.push(`${sequence.id}, operation ${index}: ${kind}`)
        }
      }
    }
  }
  expect(unnoticed).toEqual([])
  expect(tried.size).toBeGreaterThan(1000)
})
