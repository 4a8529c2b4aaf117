/** The fields of one event, for an expression. */
import type { AnyEvent, ColumnBlock, EventBlock, Field, FieldKind, Vocabulary } from '@devtrail/events'
import { hex } from '@devtrail/events'
import { Decimal } from './decimal.ts'
import { ExpressionError } from './error.ts'
import { evaluate, type Scope } from './evaluate.ts'
import { ABSENT, found, UNKNOWN, type Found } from './found.ts'
import { countOf, lookUp, type Lists } from './look-up.ts'
import type { Condition, Expression, Path } from './syntax.ts'
import type { Truth } from './truth.ts'

/** What the ids in an event stand for. */
export interface EventWords {
  /** The key of the device an event is about; null for none. */
  device(event: AnyEvent): string | null
  /** The name of the host it happened on; null for none. */
  host?(event: AnyEvent): string | null
  /** What a field's value is called (the key of a device, an errno's name); null when it has no other name. */
  called(event: AnyEvent, name: string, field: Field): string | null
}

const ENVELOPE: ReadonlyMap<string, (event: AnyEvent, words: EventWords) => unknown> = new Map<
  string,
  (event: AnyEvent, words: EventWords) => unknown
>([
  ['seq', (e) => e.seq],
  ['entry', (e) => e.entry],
  ['time', (e) => new Decimal(BigInt(e.time))],
  ['type', (e) => e.type],
  ['cpu', (e) => e.cpu],
  ['device', (e, words) => words.device(e)],
  ['pid', (e) => e.actor?.pid],
  ['comm', (e) => e.actor?.comm],
  ['actor', (e) => e.actor],
  ['cause', (e) => e.cause],
  ['inferred', (e) => e.inferred === true],
  ['host', (e, words) => words.host?.(e)],
  ['unordered', (e) => e.unordered === true],
  ['context', (e) => e.context],
  ['source', (e) => e.source],
  ['where', (e) => e.where],
])

const NO_LISTS: Lists = new Map()
/** Kinds whose numbers are devtrail's own: what a person sees is the name. */
const IDS: ReadonlySet<FieldKind> = new Set<FieldKind>(['device', 'pagemap', 'region'])

/** Kinds whose columns hold the very numbers that are compared. */
const NUMBERS: ReadonlySet<FieldKind> = new Set<FieldKind>(['pfn', 'bytes', 'count', 'int', 'pid', 'cpu', 'errno'])

/** Fields of an event that have to be a certain number for a condition to be true. */
function numbersIn(condition: Condition): { field: string; wanted: number }[] {
  if (condition.kind === 'and') return condition.of.flatMap(numbersIn)
  if (condition.kind !== 'compare' || condition.op !== '==') return []
  const { left, right } = condition
  const [path, literal] = left.kind === 'path' ? [left, right] : [right, left]
  if (path.kind !== 'path' || literal.kind !== 'literal' || typeof literal.value !== 'number') return []
  const [first, second, ...rest] = path.path.steps
  if (second === undefined) return ENVELOPE.has(first.name) ? [] : [{ field: first.name, wanted: literal.value }]
  return first.name === 'data' && second.kind === 'field' && rest.length === 0 ? [{ field: second.name, wanted: literal.value }] : []
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
    const fields = new Set(vocabulary.types().flatMap((type) => Object.keys(vocabulary.get(type).fields)))
    for (const { device, steps } of expression.paths) {
      if (device !== null) throw new ExpressionError('of an event, device is a field: device == "pfn0.0"', expression.source, device.at)
      const step = steps[0].name === 'data' && steps.length > 1 ? steps[1]! : steps[0]
      if (step.kind === 'key' || fields.has(step.name) || (step === steps[0] && (step.name === 'data' || ENVELOPE.has(step.name)))) continue
      const near = [...ENVELOPE.keys(), ...[...fields].filter((f) => f.startsWith(step.name.slice(0, 2))).toSorted()]
      throw new ExpressionError(
        `no event has a field "${step.name}"; there are ${near.join(', ')} and the fields of the event types`,
        expression.source,
        step.at,
      )
    }
  }

  truth(event: AnyEvent): Truth {
    this.#event = event
    return evaluate(this.#expression, this)
  }

  /** Whether it can be true of an event of a type at all: by the type's name and the fields that it has. */
  mayFit(type: string): boolean {
    const fields = this.#vocabulary.find(type)?.fields
    const find = ({ steps: [first, second] }: Path): Found => {
      const data = first.name === 'data' && second?.kind === 'field' ? second : null
      if (data === null && first.name === 'type') return found(type)
      if (data === null && ENVELOPE.has(first.name)) return UNKNOWN
      return fields === undefined || Object.hasOwn(fields, (data ?? first).name) ? UNKNOWN : ABSENT
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
    if (isNamed || IDS.has(field.kind)) {
      const called = this.#words.called(this.#event, name, field)
      if (called !== null) return found(called)
    }
    if (field.kind === 'time') return found(new Decimal(BigInt(value as number)))
    // Words of the kernel are compared as it prints them: without a sign.
    if (field.kind === 'u64' || field.kind === 'flags') return found(hex(value as number | bigint))
    return found(value)
  }

  #find({ steps: [first, ...rest] }: Path, isNamed: boolean): Found {
    const data = first.name === 'data' && rest[0]?.kind === 'field' ? rest[0] : null
    const { name } = data ?? first
    const inner = data === null ? rest : rest.slice(1)
    const envelope = data === null ? ENVELOPE.get(name) : undefined
    const value = envelope === undefined ? this.#field(name, isNamed) : found(envelope(this.#event, this.#words))
    return lookUp(value, name, inner, NO_LISTS)
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
