import { seconds, type EventBlock } from '@devtrail/events'
import { Tracked, type DeviceName } from '../explain/tracked.ts'
import { identityOf } from '../explain/blame.ts'
import { Decimal } from '../expression/decimal.ts'
import { found, type Found } from '../expression/found.ts'
import type { Expression, Literal } from '../expression/syntax.ts'
import type { Machine } from '../machine.ts'

const literalFound = (value: Literal): Found =>
  found(value instanceof Decimal ? seconds(value.nanos) : typeof value === 'bigint' ? String(value) : value)

/** What an expression is at a moment: the value, where it is a path or a count alone; else whether it is true. */
export class Probe {
  readonly #tracked: Tracked

  /** @throws ExpressionError */
  constructor(expression: Expression, machine: Machine, device: DeviceName) {
    this.#tracked = new Tracked(expression, machine, device)
  }

  get isTrue(): boolean {
    return this.#tracked.truth() === true
  }

  get value(): Found {
    const { condition } = this.#tracked.expression
    if (condition.kind !== 'test') return found(this.#tracked.truth())
    if (condition.of.kind === 'literal') return literalFound(condition.of.value)
    return condition.of.kind === 'path' ? this.#tracked.find(condition.of.path) : this.#tracked.count(condition.of.path)
  }

  get identity(): string {
    const { value } = this
    return `${identityOf(value)}${value.orNothing ? '?' : ''}`
  }

  /** Whether it may be otherwise after an event, just folded. */
  step(block: EventBlock, place: number): boolean {
    return this.#tracked.step(block, place)
  }
}
