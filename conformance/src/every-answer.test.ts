/** No kind of answer goes uncompared: of every operation, and of every place in what it answers, some are changed. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect, it } from 'vitest'
import { answerOf } from './compare.ts'
import { runSequence } from './run-sequence.ts'
import type { Answer, Operation, Sequence } from './sequence.ts'
import { subsystems } from './subsystems.ts'
import { sequencesOf, vectorFiles } from './vector-files.ts'

const COPIED = join(import.meta.dirname, '../../recordings/vectors')
/** All that was recorded, where it is at hand. */
const WHOLE = join(import.meta.dirname, '../../../shared/vectors')
/** So many changes of each kind are tried. */
const EACH = 2

type Key = string | number

/** What was done to an answer, and where. */
interface Change {
  readonly kind: string
  readonly answer: Answer
}

const otherValue = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'string') return `${value}0`
  if (typeof value === 'boolean') return !value
  return value === null ? 0 : null
}

function* arrayChanges(array: readonly unknown[]): Generator<[string, unknown[]]> {
  yield ['prolonged', [...array, array.at(-1) ?? 0]]
  if (array.length > 0) yield ['shortened', array.slice(0, -1)]
  const swapped = array.findIndex((value, i) => i > 0 && !isDeepStrictEqual(value, array[i - 1]))
  if (swapped > 0) yield ['swapped', array.with(swapped - 1, array[swapped]).with(swapped, array[swapped - 1])]
}

/** All that differs from `value` in one place. */
function* changesOf(value: unknown, path: string): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null) {
    yield [`${path} changed`, otherValue(value)]
  } else if (Array.isArray(value)) {
    for (const [how, array] of arrayChanges(value)) yield [`${path} ${how}`, array]
    for (const [i, inner] of value.entries())
      for (const [kind, changed] of changesOf(inner, `${path}[]`)) yield [kind, value.with(i, changed)]
  } else {
    for (const key of Object.keys(value)) {
      const { [key]: inner, ...rest } = value as Record<Key, unknown>
      yield [`${path}.${key} left out`, rest]
      for (const [kind, changed] of changesOf(inner, `${path}.${key}`)) yield [kind, { ...rest, [key]: changed }]
    }
    yield [`${path} with more`, { ...value, surprise: 1 }]
  }
}

function* changed({ subsystem }: Sequence, operation: Operation): Generator<Change> {
  for (const [kind, answer] of changesOf(answerOf(operation), `${subsystem}/${operation.op}`)) yield { kind, answer: answer as Answer }
}

it.each([COPIED, WHOLE].filter((folder) => existsSync(folder)))(
  'any answer of any kind in %s, changed, is a divergence',
  async (folder) => {
    const tried = new Map<string, number>()
    const unnoticed: string[] = []
    for (const file of await vectorFiles(folder)) {
      for await (const sequence of sequencesOf(file)) {
        for (const [index, operation] of sequence.ops.entries()) {
          for (const { kind, answer } of changed(sequence, operation)) {
            const before = tried.get(kind) ?? 0
            if (before >= EACH) continue
            tried.set(kind, before + 1)
            const { op, args } = operation
            const ops = sequence.ops.with(index, { ...answer, op, args })
            const { divergence } = runSequence(subsystems[sequence.subsystem]!, { ...sequence, ops })
            if (divergence?.operation !== index) unnoticed.push(`${sequence.id}, operation ${index}: ${kind}`)
          }
        }
      }
    }
    expect(unnoticed).toEqual([])
    expect(tried.size).toBeGreaterThan(1000)
  },
)
