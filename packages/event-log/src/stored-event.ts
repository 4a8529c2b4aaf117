import { eventFromJson, eventToJson, type AnyEvent, type Json, type Vocabulary } from '@devtrail/events'
import { LogUsageError, excerpt } from './errors.ts'

/** An event checked to read back the same: its stored form, and what reading gives. */
export interface Storable {
  readonly json: { readonly [field: string]: Json }
  readonly event: AnyEvent
}

/** Why `back` is not `event`, or null when it is. A missing optional field and null are the same. */
function difference(fields: object, event: AnyEvent, back: AnyEvent): string | null {
  for (const name of ['seq', 'time', 'entry', 'device', 'cpu', 'context', 'source', 'where', 'inferred'] as const) {
    if (event[name] !== back[name]) return name
  }
  const { actor, cause, data } = event
  if (actor !== null && (!Number.isSafeInteger(actor.pid) || actor.comm !== back.actor?.comm)) return 'actor'
  if (cause.length !== back.cause.length || !cause.every(Number.isSafeInteger)) return 'cause'
  for (const name of Object.keys(data)) {
    if (data[name] === undefined) continue
    if (!Object.hasOwn(fields, name)) return `data.${name} (not a field of the type)`
    if (data[name] !== back.data[name]) return `data.${name}`
  }
  return null
}

/**
 * The stored form of an event, checked before anything is written: what a reader could not read is refused now.
 * @throws LogUsageError `unsupported` for a type not in the vocabulary, `bad-event` naming the field.
 */
export function toStorable(vocabulary: Vocabulary, event: AnyEvent): Storable {
  const declaration = vocabulary.find(event.type)
  if (declaration === undefined) throw unknownType(vocabulary, event.type, `event ${event.seq}`)
  const refuse = (what: string, cause?: unknown): LogUsageError =>
    new LogUsageError('bad-event', `event ${event.seq} (${event.type}) cannot be stored: ${what}`, { cause })
  let json: { readonly [field: string]: Json }
  let back: AnyEvent
  let field: string | null
  try {
    json = eventToJson(vocabulary, event)
    back = eventFromJson(vocabulary, json)
    field = difference(declaration.fields, event, back)
  } catch (error) {
    throw refuse(excerpt(error), error)
  }
  if (field !== null) throw refuse(`${excerpt(field)} would not read back the same`)
  return { json, event: back }
}

/**
 * The event of a stored form whose bytes are known to be whole.
 * @throws LogUsageError `unsupported` when the type or its version is not known; TypeError when a field is not of its kind.
 */
export function fromStored(vocabulary: Vocabulary, json: unknown, where: string): AnyEvent {
  const { type, v } = (typeof json === 'object' && json !== null ? json : {}) as {
    type?: unknown
    v?: unknown
  }
  const declaration = typeof type === 'string' ? vocabulary.find(type) : undefined
  if (declaration === undefined) throw unknownType(vocabulary, type, where)
  if (typeof v === 'number' && v > declaration.version) {
    throw new LogUsageError(
      'unsupported',
      `${where}: ${String(type)} is version ${v}; this vocabulary knows up to ${declaration.version}: use a newer devtrail`,
    )
  }
  return eventFromJson(vocabulary, json)
}

export function unknownType(vocabulary: Vocabulary, type: unknown, where: string): LogUsageError {
  const known = vocabulary.catalogues.map((c) => `${c.prefix}/*`).join(', ')
  const found = typeof type === 'string' ? JSON.stringify(excerpt(type)) : `a ${typeof type}`
  return new LogUsageError(
    'unsupported',
    `${where}: event type ${found} is not in the vocabulary (${known}); hand in the catalogue that declares it, or use a newer devtrail`,
  )
}
