import type { Field } from '@devtrail/events'

export type Storage = 'int' | 'word' | 'bool' | 'interned' | 'text' | 'enum'

/** How the values of a field kind lie in columns. */
export function storageOf(field: Field): Storage {
  switch (field.kind) {
    case 'u64':
      return 'word'
    case 'bool':
      return 'bool'
    case 'enum':
      return 'enum'
    case 'text':
      return 'text'
    case 'string':
    case 'pointer':
      return 'interned'
    default:
      return 'int'
  }
}
