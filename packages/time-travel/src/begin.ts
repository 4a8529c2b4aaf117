/** Where a source begins whose head is gone, and what is known there. */
import { Facts, type AnyEvent, type Model } from '@devtrail/events'
import { factsOf, machineOf } from './keyframes.ts'
import { Machine, vocabularyOf } from './machine.ts'
import type { EventSource, SourceStart } from './source.ts'

const logEvent = (seq: number, type: string, data: AnyEvent['data'], host?: number): AnyEvent => ({
  seq,
  entry: null,
  time: 0,
  device: null,
  cpu: null,
  actor: null,
  cause: [],
  ...(host !== undefined && { host }),
  type,
  data,
})

/** What a log that lost its head would say there: anything may have happened. */
const gapAt = (seq: number, host?: number): AnyEvent =>
  logEvent(seq, 'log/gap', { reason: 'the head of the log is gone', lost: null, cpu: null, model: null }, host)

const joinedAt = ({ seq, hosts = [] }: SourceStart): AnyEvent[] =>
  hosts.map(({ name, isReference }, i) => logEvent(seq, 'log/host-joined', { host: i + 1, name, reference: isReference }))

/** What is known of incarnations before the first event. */
export function factsBefore(models: readonly Model[], start: SourceStart | undefined): Facts {
  if (start?.parts != null) return factsOf(models, start.parts)
  const facts = new Facts(vocabularyOf(models))
  if (start !== undefined) for (const joined of joinedAt(start)) facts.learn(joined)
  return facts
}

/** The machine before the first event, and the `seq` that it is after: −1 where nothing is gone. */
export function machineBefore(
  models: readonly Model[],
  start: SourceStart | undefined,
  facts: Facts = factsBefore(models, start),
): { readonly machine: Machine; readonly seq: number } {
  if (start === undefined) return { machine: new Machine(models, facts), seq: -1 }
  if (start.parts !== null) return { machine: machineOf(models, start.parts, facts), seq: start.seq }
  const machine = new Machine(models, facts)
  for (const joined of joinedAt(start)) machine.step(joined)
  // Of several hosts each: one that nothing was heard of yet did not just begin.
  if (start.hosts === undefined) machine.step(gapAt(start.seq))
  else for (const place of start.hosts.keys()) machine.step(gapAt(start.seq, place + 1))
  return { machine, seq: start.seq }
}

/** A source from a moment on: as if nothing had been before it. */
export function sourceFrom(
  source: EventSource & Required<Pick<EventSource, 'blocks' | 'summaries' | 'keyframe'>>,
  start: SourceStart,
): EventSource {
  const { seq } = start
  return {
    start,
    async *read() {
      for await (const event of source.read()) if (event.seq > seq) yield event
    },
    blocks: (range) => source.blocks({ ...range, from: Math.max(range.from ?? 0, seq + 1) }),
    async summaries() {
      const all = await source.summaries()
      return all.flatMap((summary) => {
        const { firstSeq, lastSeq } = summary
        if (lastSeq <= seq) return []
        return firstSeq > seq ? [summary] : [{ ...summary, firstSeq: seq + 1, count: lastSeq - seq }]
      })
    },
    keyframe: async (fold, atOrBefore) => {
      const found = await source.keyframe(fold, atOrBefore)
      return found === null || found.seq < seq ? null : found
    },
  }
}
