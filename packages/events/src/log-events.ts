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
  'host-joined': {
    version: 1,
    doc: "A host's log is part of this one: its events carry its number.",
    identifies: 'host',
    fields: {
      host: { kind: 'host', doc: 'its number, from 1' },
      name: { kind: 'string', reveals: 'identity', doc: 'its name, before the names of its devices' },
      reference: { kind: 'bool', doc: "whether its clock is the log's" },
    },
  },
  'clock-set': {
    version: 1,
    doc: 'From here on times of a host are those of its own clock and an offset, which is true within its uncertainty.',
    fields: {
      host: { kind: 'host', doc: 'the host' },
      offset: { kind: 'time', doc: "what was added to the host's clock" },
      uncertainty: {
        kind: 'time',
        optional: true,
        doc: 'how far from the truth the offset may be, either way; null: nothing is known, and only the order within the host is right',
      },
      basis: {
        kind: 'enum',
        values: ['reference', 'given', 'pairs', 'none'],
        doc: "where the offset is from: the clock is the log's own, somebody gave it, paired events tell it, nobody knows",
      },
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
