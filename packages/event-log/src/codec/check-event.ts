import type { AnyEvent, EventDeclaration, Field, Vocabulary } from '@devtrail/events'
import { LogUsageError, excerpt } from '../errors.ts'
import { CAUSES_MAX, EVENT_CHARS_MAX } from '../limits.ts'
import { faultOfMarks } from './marks.ts'
import { unknownType } from './unknown-type.ts'

function expected(field: Field): string {
  switch (field.kind) {
    case 'u64':
      return 'a bigint from 0 to 2^64 - 1'
    case 'bool':
      return 'true or false'
    case 'enum':
      return `one of ${field.values!.join(', ')}`
    case 'string':
    case 'text':
    case 'pointer':
      return 'a string'
    default:
      return 'a whole number between -2^53 and 2^53'
  }
}

const WORD_MAX = 0xffff_ffff_ffff_ffffn

/** Whether a field's value, not null, is of its kind. */
function fits(field: Field, value: unknown): boolean {
  switch (field.kind) {
    case 'u64':
      return typeof value === 'bigint' && value >= 0n && value <= WORD_MAX
    case 'bool':
      return typeof value === 'boolean'
    case 'enum':
      return typeof value === 'string' && field.values!.includes(value)
    case 'string':
    case 'text':
    case 'pointer':
      return typeof value === 'string'
    default:
      return Number.isSafeInteger(value)
  }
}

/** The entries of each declaration's fields: listing them for each event would cost more than checking it. */
const entriesOf = new WeakMap<EventDeclaration, readonly (readonly [string, Field])[]>()

export function fieldsOf(declaration: EventDeclaration): readonly (readonly [string, Field])[] {
  let entries = entriesOf.get(declaration)
  if (entries === undefined) entriesOf.set(declaration, (entries = Object.entries(declaration.fields)))
  return entries
}

function faultOfData(fields: readonly (readonly [string, Field])[], declaration: EventDeclaration, data: AnyEvent['data']): string | null {
  let seen = 0
  let chars = 0
  for (const [name, field] of fields) {
    const value = Object.hasOwn(data, name) ? data[name] : undefined
    if (value === undefined || value === null) {
      if (!field.optional) return `field "${name}" is missing`
      if (value === null) seen++
    } else if (fits(field, value)) {
      seen++
      if (typeof value === 'string') chars += value.length
    } else return `field "${name}" should be ${expected(field)}`
  }
  if (chars > EVENT_CHARS_MAX) return `its strings have ${chars} characters, an event may have ${EVENT_CHARS_MAX}`
  for (const name in data) if (data[name] !== undefined) seen--
  if (seen === 0) return null
  const more = Object.keys(data).find((name) => !Object.hasOwn(declaration.fields, name) && data[name] !== undefined)
  return more === undefined ? null : `data.${more} is not a field of the type`
}

function isWholeOrNull(value: number | null): boolean {
  return value === null || Number.isSafeInteger(value)
}

function isTextOrAbsent(value: string | undefined): boolean {
  return value === undefined || typeof value === 'string'
}

function faultOfEnvelope(event: AnyEvent): string | null {
  const { actor, cause } = event
  if (!Number.isSafeInteger(event.time)) return 'time should be a whole number of nanoseconds below 2^53'
  if (!isWholeOrNull(event.entry)) return 'entry should be a whole number or null'
  if (!isWholeOrNull(event.device)) return 'device should be a whole number or null'
  if (!isWholeOrNull(event.cpu)) return 'cpu should be a whole number or null'
  if (actor !== null && !(Number.isSafeInteger(actor?.pid) && typeof actor.comm === 'string'))
    return 'actor should be null, or a pid and a comm'
  if (!Array.isArray(cause) || cause.length > CAUSES_MAX) return `cause should be a list of at most ${CAUSES_MAX} numbers`
  for (let i = 0; i < cause.length; i++) if (!Number.isSafeInteger(cause[i])) return 'cause should be a list of whole numbers'
  if (!isTextOrAbsent(event.context)) return 'context should be a string or absent'
  if (!isTextOrAbsent(event.source)) return 'source should be a string or absent'
  if (!isTextOrAbsent(event.where)) return 'where should be a string or absent'
  const marks = faultOfMarks(event)
  if (marks !== null) return marks
  const chars = (actor?.comm.length ?? 0) + (event.context?.length ?? 0) + (event.source?.length ?? 0) + (event.where?.length ?? 0)
  return chars > EVENT_CHARS_MAX ? `its strings have ${chars} characters, an event may have ${EVENT_CHARS_MAX}` : null
}

/**
 * Sees to it that an event will read back the same, before anything is written.
 * @throws LogUsageError `unsupported` for a type not in the vocabulary, `bad-event` naming the field.
 */
export function mustBeStorable(vocabulary: Vocabulary, event: AnyEvent): void {
  const declaration = vocabulary.find(event.type)
  if (declaration === undefined) throw unknownType(vocabulary, event.type, `event ${event.seq}`)
  const { data } = event
  const fault =
    faultOfEnvelope(event) ??
    (typeof data === 'object' && data !== null ? faultOfData(fieldsOf(declaration), declaration, data) : 'it has no data')
  if (fault === null) return
  throw new LogUsageError('bad-event', `event ${event.seq} (${event.type}) cannot be stored: ${excerpt(fault)}`)
}
