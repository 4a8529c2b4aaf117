/** A recorded sequence of writes with something wrong about the order in which they reach the medium. */
import type { PersistOp } from './persist-op.ts'

/** A durable write of the driver: a store, its flush, and a fence. */
type Step = readonly PersistOp[]

/** The four steps of a write of a sector, in their order. */
export const writeSteps = ['data', 'logHead', 'logTail', 'map'] as const
export type WriteStep = (typeof writeSteps)[number]

function stepsOf(ops: readonly PersistOp[]): Step[] {
  const steps: Step[] = []
  for (let i = 0; i < ops.length; i += 3) steps.push(ops.slice(i, i + 3))
  for (const step of steps) {
    const kinds = step.map(({ kind }) => kind).join(' ')
    if (kinds !== 'store flush fence') throw new Error(`a step of a write is a store, a flush and a fence, not ${kinds}`)
  }
  return steps
}

/** The writes, each as its four steps; `change` makes of each what it does instead. */
function changed(ops: readonly PersistOp[], change: (steps: Record<WriteStep, Step>) => readonly Step[]): PersistOp[] {
  const steps = stepsOf(ops)
  const result: PersistOp[] = []
  for (let i = 0; i < steps.length; i += writeSteps.length) {
    const [data, logHead, logTail, map] = steps.slice(i, i + writeSteps.length) as [Step, Step, Step, Step]
    result.push(...change({ data, logHead, logTail, map }).flat())
  }
  return result
}

/** Two steps of each write in each other's place. */
export function swapped(ops: readonly PersistOp[], a: WriteStep, b: WriteStep): PersistOp[] {
  return changed(ops, (steps) => writeSteps.map((name) => steps[name === a ? b : name === b ? a : name]))
}

/** A step of each write without its flush or its fence. */
export function without(ops: readonly PersistOp[], step: WriteStep, kind: 'flush' | 'fence'): PersistOp[] {
  return changed(ops, (steps) => writeSteps.map((name) => (name === step ? steps[name].filter((op) => op.kind !== kind) : steps[name])))
}
