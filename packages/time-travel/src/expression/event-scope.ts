/** The fields of one event, for an expression. */
import type { AnyEvent, ColumnBlock, EventBlock, FieldKind, Vocabulary } from '@devtrail/events'
import { hex } from '@devtrail/events'
import { Decimal } from './decimal.ts'
import { evaluate, type Scope } from './evaluate.ts'
import { ENVELOPE, eventPathOf, mustBeAskable, type EventWords } from './event-fields.ts'
import { ABSENT, found, UNKNOWN, type Found } from './found.ts'
import { countOf, lookUp, type Lists } from './look-up.ts'
import { Named } from './named.ts'
import type { Condition, Expression, Path } from './syntax.ts'
import type { Truth } from './truth.ts'

const NO_LISTS: Lists = new Map()
/** Kinds whose numbers are devtrail's own: what a person sees is the name. */
const IDS: ReadonlySet<FieldKind> = new Set<FieldKind>(['device', 'pagemap', 'region'])

/** Kinds whose numbers the JSON has as hex. */
const HEX: ReadonlySet<FieldKind> = new Set<FieldKind>(['u64', 'pfn', 'flags'])

/** Kinds whose columns hold the very numbers that are compared. */
const NUMBERS: ReadonlySet<FieldKind> = new Set<FieldKind>(['pfn', 'bytes', 'count', 'int', 'pid', 'cpu', 'errno'])

/** Fields of an event that have to be a certain number for a condition to be true. */
function numbersIn(condition: Condition): { field: string; wanted: number }[] {
  if (condition.kind === 'and') return condition.of.flatMap(numbersIn)
  if (condition.kind !== 'compare' || condition.op !== '==') return []
  const { left, right } = condition
  const [path, literal] = left.kind === 'path' ? [left, right] : [right, left]
  if (path.kind !== 'path' || literal.kind !== 'literal' || typeof literal.value !== 'number') return []
  const { name, isEnvelope, inner } = eventPathOf(path.path)
  return isEnvelope || inner.length > 0 ? [] : [{ field: name, wanted: literal.value }]
}

/** Whether a comparison with null is in a condition. */
function asksForNull(condition: Condition): boolean {
  switch (condition.kind) {
    case 'or':
    case 'and':
      return condition.of.some(asksForNull)
    case 'not':
      return asksForNull(condition.of)
    case 'compare':
      return [condition.left, condition.right].some((o) => o.kind === 'literal' && o.value === null)
    default:
      return false
  }
}

/** Says whether an expression is true of events: `type == "memremap/put" && pid == 135 && pfn >= 0x109300`. */
export class EventFilter implements Scope {
  readonly #expression: Expression
  readonly #vocabulary: Vocabulary
  readonly #words: EventWords
  readonly #numbers: readonly { readonly field: string; readonly wanted: number }[]
  #event!: AnyEvent

  /** @throws ExpressionError when it names a field that no event has */
  constructor(expression: Expression, vocabulary: Vocabulary, words: EventWords) {
    this.#expression = expression
    this.#vocabulary = vocabulary
    this.#words = words
    this.#numbers = numbersIn(expression.condition)
    mustBeAskable(expression, vocabulary)
  }

  truth(event: AnyEvent): Truth {
    this.#event = event
    return evaluate(this.#expression, this)
  }

  /** Whether it can be true of an event of a type at all: by the type's name and the fields that it has. */
  mayFit(type: string): boolean {
    const fields = this.#vocabulary.find(type)?.fields
    const find = (path: Path): Found => {
      const { name, isEnvelope } = eventPathOf(path)
      if (isEnvelope) return name === 'type' ? found(type) : UNKNOWN
      return fields === undefined || Object.hasOwn(fields, name) ? UNKNOWN : ABSENT
    }
    // What is null in an event is not known of it; whether it is, is not known of the type.
    if (asksForNull(this.#expression.condition)) return true
    return evaluate(this.#expression, { find, count: () => UNKNOWN }) !== false
  }

  /**
   * Says of the places of a block whether it is true of the event there. Where a field has to be a certain number, its column
   * tells of most events that it is not, without a look at them.
   */
  within(block: EventBlock): (place: number) => boolean {
    const columns = block.types.map(({ name }, type) => (this.mayFit(name) ? this.#columns(block, type) : null))
    return (place) => {
      const tests = columns[block.type[place]!]!
      if (tests === null) return false
      if (tests.length > 0) {
        const row = (block as ColumnBlock).row(place)
        for (const { numbers, wanted } of tests) if (numbers[row] !== wanted) return false
      }
      return this.truth(block.view(place)) === true
    }
  }

  /** The columns of a type in which there has to be a certain number. */
  #columns(block: EventBlock, type: number): { readonly numbers: Float64Array; readonly wanted: number }[] {
    if (!('fields' in block)) return []
    const { name } = block.types[type]!
    const declared = this.#vocabulary.find(name)?.fields ?? {}
    const fields = (block as ColumnBlock).fields(type)
    return this.#numbers.flatMap(({ field, wanted }) => {
      const kind = Object.hasOwn(declared, field) ? declared[field]!.kind : null
      const cursor = kind !== null && NUMBERS.has(kind) ? fields.find((f) => f.name === field) : undefined
      return cursor === undefined || cursor.field.kind !== kind ? [] : [{ numbers: cursor.numbers, wanted }]
    })
  }

  #field(name: string, isNamed: boolean): Found {
    const declaration = this.#vocabulary.find(this.#event.type)
    if (declaration === undefined || !Object.hasOwn(declaration.fields, name)) return ABSENT
    const field = declaration.fields[name]!
    const value = this.#event.data[name] ?? null
    if (value === null) return UNKNOWN
    // Words of the kernel are compared as it prints them: without a sign.
    const printed = HEX.has(field.kind) ? hex(value as number | bigint) : null
    if (isNamed || IDS.has(field.kind)) {
      const called = this.#words.called(this.#event, name, field)
      // A text may be the name, or the number as the JSON has it.
      if (called !== null) return found(printed === null || typeof called !== 'string' ? called : new Named([called, printed]))
      if (printed !== null) return found(printed)
    }
    if (field.kind === 'time') return found(new Decimal(BigInt(value as number)))
    return found(field.kind === 'pfn' ? value : (printed ?? value))
  }

  #find(path: Path, isNamed: boolean): Found {
    const { name, isEnvelope, inner } = eventPathOf(path)
    if (!isEnvelope) return this.#field(name, isNamed)
    const [step] = inner
    // The one list there is, of plain numbers.
    if (name === 'cause' && step?.kind === 'key') return this.#event.cause.includes(Number(step.key)) ? found(step.key) : ABSENT
    return lookUp(found(ENVELOPE.get(name)!(this.#event, this.#words)), name, inner, NO_LISTS)
  }

  find(path: Path): Found {
    return this.#find(path, false)
  }

  named(path: Path): Found {
    return this.#find(path, true)
  }

  count(path: Path): Found {
    return countOf(this.find(path), path.steps.findLast((s) => s.kind === 'field')!.name, NO_LISTS)
  }
}
