import { answerOf, difference } from './compare.ts'
import type { Answer, Sequence, Subsystem } from './sequence.ts'

export interface Divergence {
  readonly sequence: string
  /** Which operation, from 0. */
  readonly operation: number
  readonly call: string
  readonly expected: Answer
  readonly got: Answer
}

/**
 * Runs the operations of a sequence until one is answered otherwise than the kernel did: what follows it would start
 * from another state. Operations that were run, the divergent one included, are counted.
 */
export function runSequence(subsystem: Subsystem, sequence: Sequence): { readonly operations: number; readonly divergence?: Divergence } {
  let operation = 0
  try {
    const run = subsystem(sequence)
    for (; operation < sequence.ops.length; operation++) {
      const recorded = sequence.ops[operation]!
      const found = difference(answerOf(recorded), run(recorded))
      if (found !== undefined) {
        return { operations: operation + 1, divergence: { sequence: sequence.id, operation, call: callOf(sequence, operation), ...found } }
      }
    }
    return { operations: operation }
  } catch (error) {
    const thrown = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const recorded = sequence.ops[operation]
    const expected = recorded === undefined ? {} : answerOf(recorded)
    const divergence = { sequence: sequence.id, operation, call: callOf(sequence, operation), expected, got: { thrown } }
    return { operations: Math.min(operation + 1, sequence.ops.length), divergence }
  }
}

function callOf({ ops }: Sequence, index: number): string {
  const operation = ops[index]
  return operation === undefined ? 'fixture' : `${operation.op} ${JSON.stringify(operation.args)}`
}
