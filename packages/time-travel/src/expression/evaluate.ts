import { between } from '@devtrail/events'
import { compare, holds, like } from './compare.ts'
import { found, type Found } from './found.ts'
import type { Condition, Expression, Operand, Path } from './syntax.ts'
import { all, any, not, type Truth } from './truth.ts'

/** Where the paths of an expression are looked up. */
export interface Scope {
  find(path: Path): Found
  /** How many elements a list has. */
  count(path: Path): Found
  /** What is compared with a text, where that is something else: the name of what a number stands for. */
  named?(path: Path): Found
}

function valueOf(operand: Operand, scope: Scope, isNamed = false): Found {
  switch (operand.kind) {
    case 'literal':
      return found(operand.value)
    case 'path':
      return isNamed && scope.named !== undefined ? scope.named(operand.path) : scope.find(operand.path)
    case 'count':
    default:
      return scope.count(operand.path)
  }
}

const isText = (operand: Operand): boolean => operand.kind === 'literal' && typeof operand.value === 'string'
const isNull = (operand: Operand): boolean => operand.kind === 'literal' && operand.value === null

/** `x == null` asks whether anything is known of x, which is always known. */
function isUnknown(operand: Operand, scope: Scope): boolean {
  const { value, orNothing } = valueOf(operand, scope)
  return value === null && !orNothing
}

function truthOf(condition: Condition, scope: Scope): Truth {
  switch (condition.kind) {
    case 'or':
      return any(condition.of.values().map((c) => truthOf(c, scope)))
    case 'and':
      return all(condition.of.values().map((c) => truthOf(c, scope)))
    case 'not':
      return not(truthOf(condition.of, scope))
    case 'compare': {
      const { op, left, right } = condition
      if ((op === '==' || op === '!=') && (isNull(left) || isNull(right))) {
        return isUnknown(isNull(right) ? left : right, scope) === (op === '==')
      }
      return compare(op, valueOf(left, scope, isText(right)), valueOf(right, scope, isText(left)))
    }
    case 'in': {
      const { left } = condition
      return any(condition.values.values().map((v) => compare('==', valueOf(left, scope, isText(v)), valueOf(v, scope))))
    }
    case 'like':
      return like(valueOf(condition.left, scope, true), condition.pattern)
    case 'test':
    default:
      return holds(valueOf(condition.of, scope))
  }
}

/** Whether an expression is true of what a scope shows. */
export function evaluate({ condition }: Expression, scope: Scope): Truth {
  return truthOf(condition, scope)
}

/** Between so many and so many, as a value. */
export const countBetween = (lo: number, hi: number): Found => found(between(lo, hi))
