import type { AnyEvent, FieldKind } from '@devtrail/events'
import { EventFilter, type EventWords, type Expression, type Named } from '@devtrail/time-travel'
import { vocabulary } from './models.ts'
import { wordFor } from './words.ts'
import type { Names } from './names.ts'

/** The names of what a number of devtrail's own stands for; null for any other kind of field. */
function namesFor(names: Names, kind: FieldKind, id: unknown): Named | null {
  if (typeof id !== 'number') return null
  switch (kind) {
    case 'device':
      return names.deviceNames(id)
    case 'pagemap':
      return names.pagemapNames(id)
    case 'region':
      return names.regionNames(id)
    default:
      return null
  }
}

/** What the ids in events are called, for expressions about events: as `events` prints them, and by the other names that they go by. */
export function eventWords(namesOf: () => Names): EventWords {
  return {
    device: (event: AnyEvent) => {
      const names = namesOf()
      const device = names.of(event)
      return device === null ? null : names.deviceNames(device)
    },
    host: ({ host }) => (host === undefined ? null : namesOf().host(host)),
    called: (event, name, field) => {
      const value = event.data[name]
      return namesFor(namesOf(), field.kind, value) ?? wordFor(namesOf(), event.type, name, field, value)
    },
  }
}

/** Which events an expression is true of, by the names that are known when it is asked. */
export const eventFilter = (expression: Expression, namesOf: () => Names): EventFilter =>
  new EventFilter(expression, vocabulary, eventWords(namesOf))
