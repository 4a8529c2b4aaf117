import { declareEvents, type Payload } from './declare.ts'
import type { AnyEvent, EventOf } from './envelope.ts'

/** What happens to the log itself. Every model answers to these. */
export const logCatalogue = declareEvents('log', {
  gap: {
    version: 1,
    doc: 'Entries are missing here; what they may have touched is no longer known.',
    fields: {
      reason: {
        kind: 'enum',
        values: ['overwritten', 'lost', 'cut', 'unreadable', 'unrecorded'],
        doc: 'why: the ring buffer wrapped, the kernel dropped entries, the recording is cut, an entry could not be read, nothing recorded such events',
      },
      lost: { kind: 'count', optional: true, doc: 'how many entries' },
      cpu: { kind: 'cpu', optional: true, doc: 'the CPU whose buffer lost them; null for any' },
      model: { kind: 'string', optional: true, doc: 'the model whose events may be missing; null for any' },
    },
  },
  'returns-missed': {
    version: 1,
    doc: 'Calls of this name may have returned without an event: whoever seems to be in one may have left it.',
    fields: {
      call: { kind: 'string', doc: 'name of the call, as the events that enter and leave it declare it' },
      hits: { kind: 'count', doc: 'how many returns were missed' },
    },
  },
  ended: {
    version: 1,
    doc: 'The recording ended.',
    fields: { complete: { kind: 'bool', doc: 'whether nothing is missing at its end' } },
  },
})

export type LogPayload = Payload<typeof logCatalogue>
export type LogEvent = EventOf<LogPayload>

/** Whether an event is a gap that may have touched what a model holds. */
export function isGapOf(event: AnyEvent, model: string): boolean {
  return event.type === 'log/gap' && (event.data['model'] ?? model) === model
}
