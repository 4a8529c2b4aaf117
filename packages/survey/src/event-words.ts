import type { EventWords } from '@devtrail/time-travel'
import { wordFor } from './words.ts'
import type { Names } from './survey.ts'

/** What the ids in events are called, for expressions about events: as `events` prints them. */
export function eventWords(namesOf: () => Names): EventWords {
  return {
    device: (event) => {
      const names = namesOf()
      const device = names.of(event)
      return device === null ? null : names.device(device)
    },
    host: ({ host }) => (host === undefined ? null : namesOf().host(host)),
    called: (event, name, field) => wordFor(namesOf(), event.type, name, field, event.data[name]),
  }
}
