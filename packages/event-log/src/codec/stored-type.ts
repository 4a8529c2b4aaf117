/** How the events of a type, as a segment declares it, become events of the vocabulary at hand. */
import { eventFromJson, eventToJson, Vocabulary, type AnyEvent, type Field } from '@devtrail/events'
import { LogUsageError, excerpt } from '../errors.ts'
import { unknownType } from './unknown-type.ts'
import { fieldsOf } from './check-event.ts'
import type { StoredType } from './dictionary.ts'

export interface Reading {
  /** Null: field by field. Else the stored type alone, to go through JSON and upcasts. */
  readonly older: Vocabulary | null
}

function sameFields(stored: StoredType, declared: readonly (readonly [string, Field])[]): boolean {
  if (stored.fields.length !== declared.length) return false
  return stored.fields.every(({ name, field }, i) => {
    const [declaredName, { kind, optional, values }] = declared[i]!
    if (name !== declaredName || field.kind !== kind || (field.optional === true && !optional)) return false
    return kind !== 'enum' || field.values!.every((v) => values!.includes(v))
  })
}

/** @throws LogUsageError `unsupported` for a type or version outside the vocabulary. */
export function readingOf(vocabulary: Vocabulary, stored: StoredType): Reading {
  const declaration = vocabulary.find(stored.name)
  if (declaration === undefined) throw unknownType(vocabulary, stored.name, 'a block')
  if (stored.version > declaration.version) {
    throw new LogUsageError(
      'unsupported',
      `${stored.name} is version ${stored.version}; this vocabulary knows up to ${declaration.version}: use a newer devtrail`,
    )
  }
  if (stored.version === declaration.version && sameFields(stored, fieldsOf(declaration))) return { older: null }
  const [prefix = '', name = ''] = stored.name.split('/')
  const fields = Object.fromEntries(stored.fields.map(({ name, field }) => [name, field]))
  return { older: new Vocabulary([{ prefix, declarations: { [name]: { version: stored.version, doc: '', fields } } }]) }
}

/** An event of an older version, brought to the vocabulary's. @throws LogUsageError `unsupported`. */
export function upcast(event: AnyEvent, older: Vocabulary, vocabulary: Vocabulary): AnyEvent {
  try {
    return eventFromJson(vocabulary, eventToJson(older, event))
  } catch (error) {
    throw new LogUsageError('unsupported', `${event.type} cannot be read with this vocabulary: ${excerpt(error)}`, { cause: error })
  }
}
