/** What expressions about events can ask for: what each event has, and the fields of the types. */
import type { AnyEvent, Field, Vocabulary } from '@devtrail/events'
import { Decimal } from './decimal.ts'
import { ExpressionError } from './error.ts'
import type { Named } from './named.ts'
import type { Condition, Expression, Operand, Path, Step } from './syntax.ts'

/** What the ids in an event stand for. */
export interface EventWords {
  /** The device an event is about; null where none is known. */
  device(event: AnyEvent): Named | null
  /** The name of the host it happened on; null for none. */
  host?(event: AnyEvent): string | null
  /** What a field's value is called (the key of a device, an errno's name); null when it has no other name. */
  called(event: AnyEvent, name: string, field: Field): string | Named | null
}

type Telling = (event: AnyEvent, words: EventWords) => unknown

export const ENVELOPE: ReadonlyMap<string, Telling> = new Map<string, Telling>([
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

/** The fields that are no single values, and what they hold. */
const PARTS_OF_ACTOR: readonly string[] = ['pid', 'comm']

/** Where a path leads: to a field of the event's type (`data.type`, or by its name alone), or to what every event has. */
export interface EventPath {
  readonly name: string
  readonly isEnvelope: boolean
  readonly inner: readonly Step[]
}

const nameIn = (step: Step | undefined): string | null =>
  step === undefined ? null : step.kind === 'field' ? step.name : typeof step.key === 'string' ? step.key : null

export function eventPathOf({ steps: [first, ...rest] }: Path): EventPath {
  const inData = first.name === 'data' ? nameIn(rest[0]) : null
  if (inData !== null) return { name: inData, isEnvelope: false, inner: rest.slice(1) }
  return { name: first.name, isEnvelope: ENVELOPE.has(first.name), inner: rest }
}

/** @throws ExpressionError when it asks for what no event has */
export function mustBeAskable(expression: Expression, vocabulary: Vocabulary): void {
  const fields = new Set(vocabulary.types().flatMap((type) => Object.keys(vocabulary.get(type).fields)))
  for (const path of expression.paths) mustBeThere(path, fields, expression.source)
  mustFit(expression.condition, expression.source)
}

function mustBeThere(path: Path, fields: ReadonlySet<string>, source: string): void {
  const { device, steps } = path
  if (device !== null) throw new ExpressionError('of an event, device is a field: device == "pfn0.0"', source, device.at)
  const [first, second] = steps
  if (first.name === 'data' && nameIn(second) === null) {
    throw new ExpressionError('data has the fields of the event, by their names: data.pfn', source, (second ?? first).at)
  }
  const { name, isEnvelope, inner } = eventPathOf(path)
  if (!isEnvelope && !fields.has(name)) {
    const all = [...fields].toSorted()
    const near = all.filter((field) => field.startsWith(name.slice(0, 2)))
    const own = first.name === 'data' ? [] : ENVELOPE.keys()
    const named = [...own, ...near]
    const instead =
      named.length === 0 ? `${all.length} others, of the event types` : `${named.join(', ')} and the fields of the event types`
    throw new ExpressionError(`no event has a field "${name}"; there are ${instead}`, source, (first.name === 'data' ? second! : first).at)
  }
  const wrong = isEnvelope ? beyond(name, inner) : inner[0]
  if (wrong !== undefined) throw new ExpressionError(`there is nothing of that kind in ${name}${insteadOf(name)}`, source, wrong.at)
}

/** The first step that leads to nothing. */
function beyond(name: string, inner: readonly Step[]): Step | undefined {
  const [step, more] = inner
  if (name === 'actor' && step?.kind === 'field' && PARTS_OF_ACTOR.includes(step.name)) return more
  if (name === 'cause' && step?.kind === 'key' && typeof step.key !== 'string') return more
  return step
}

const insteadOf = (name: string): string =>
  name === 'actor'
    ? `; there are ${PARTS_OF_ACTOR.map((part) => `actor.${part}`).join(', ')}`
    : name === 'cause'
      ? '; ask for an event by its number: cause[224]'
      : ', which is one value'

/** Causes are a list, and the only one. @throws ExpressionError */
function mustFit(condition: Condition, source: string): void {
  switch (condition.kind) {
    case 'or':
    case 'and':
      for (const inner of condition.of) mustFit(inner, source)
      return
    case 'not':
      return mustFit(condition.of, source)
    case 'compare':
      for (const operand of [condition.left, condition.right]) mustBeOne(operand, source)
      return
    case 'in':
      for (const operand of [condition.left, ...condition.values]) mustBeOne(operand, source)
      return
    case 'like':
      return mustBeOne(condition.left, source)
    case 'test':
    default:
      return mustBeOne(condition.of, source)
  }
}

function mustBeOne(operand: Operand, source: string): void {
  if (operand.kind === 'literal') return
  const { name, isEnvelope, inner } = eventPathOf(operand.path)
  const isList = isEnvelope && name === 'cause' && inner.length === 0
  if (operand.kind === 'count' && !isList)
    throw new ExpressionError(`${name} is no list; of an event, only cause is one`, source, operand.at)
  if (operand.kind === 'path' && isList) {
    throw new ExpressionError(
      'cause is a list of events: ask for one by its number, cause[224], or for how many, count(cause)',
      source,
      operand.at,
    )
  }
}
