import type { Vocabulary } from '@devtrail/events'
import { LogUsageError, excerpt } from '../errors.ts'

export function unknownType(vocabulary: Vocabulary, type: unknown, where: string): LogUsageError {
  const known = vocabulary.catalogues.map((c) => `${c.prefix}/*`).join(', ')
  const found = typeof type === 'string' ? JSON.stringify(excerpt(type)) : `a ${typeof type}`
  return new LogUsageError(
    'unsupported',
    `${where}: event type ${found} is not in the vocabulary (${known}); hand in the catalogue that declares it, or use a newer devtrail`,
  )
}
