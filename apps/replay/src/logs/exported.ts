import type { LogMeta } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import type { KeptEntry } from '@devtrail/linux-trace'
import { redactedEvent } from '../redact/redact-event.ts'
import { redactedImport, redactedMeta } from '../redact/redact-meta.ts'
import { recipeIn } from '../simulate/recipe.ts'
import { Renaming } from '../redact/renaming.ts'
import type { Imported } from './import.ts'
import { keptEntries } from './kept.ts'
import type { OpenLog } from './open.ts'

/** What of a log leaves it. */
export interface Exported {
  readonly meta: LogMeta
  readonly imported: Imported | null
  events(): AsyncIterable<AnyEvent>
  /** Entries of the recording that have no effect. */
  kept(): AsyncIterable<KeptEntry>
  /** How a simulated log was made, so that it can be gone on from; null for others, and where the events are not those that would be made again. */
  recipe(): Promise<Uint8Array | null>
}

type Asked = Pick<OpenLog, 'reader' | 'imported'>

/** All of it, as it is. */
export const whole = ({ reader, imported }: Asked): Exported => ({
  meta: reader.meta,
  imported,
  events: () => reader.read(),
  kept: () => keptEntries(reader),
  recipe: () => recipeIn(reader),
})

/** All events, with other names for whatever tells of the machine and its users. */
export function redacted({ reader, imported }: Asked): Exported {
  const renaming = new Renaming()
  return {
    meta: redactedMeta(reader.meta),
    imported: imported && redactedImport(imported, renaming),
    async *events() {
      for await (const event of reader.read()) yield redactedEvent(event, renaming)
    },
    // Raw lines: nobody can say what stands in them.
    async *kept() {},
    // It has the old names, and what it makes has them, too.
    recipe: async () => null,
  }
}
