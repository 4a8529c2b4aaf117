/** Counterexamples as JSON lines: what the tests of the command write into logs. */
import { devresCatalogue } from '@devtrail/devres'
import { eventToJson, logCatalogue, Vocabulary, type AnyEvent } from '@devtrail/events'
import { percpuRefCatalogue } from '@devtrail/percpu-ref'
import { resourceTreeCatalogue } from '@devtrail/resource-tree'
import { memremapCatalogue } from '../src/events.ts'

const vocabulary = new Vocabulary([logCatalogue, devresCatalogue, resourceTreeCatalogue, percpuRefCatalogue, memremapCatalogue])

export const jsonLines = (events: readonly AnyEvent[]): string =>
  events.map((event) => `${JSON.stringify(eventToJson(vocabulary, event))}\n`).join('')
