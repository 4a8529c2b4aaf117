import type { EventWords } from '@devtrail/time-travel'
import { wordFor } from '../print/data.ts'
import type { Names } from './survey.ts'

/** What the ids in events are called, for expressions about events: as `events` prints them. */
export function eventWords(names: Names): EventWords {
  return {
    device: (event) => {
      const device = names.of(event)
      return device === null ? null : names.device(device)
    },
    called: (event, name, field) => wordFor(names, event.type, name, field, event.data[name]),
  }
}
