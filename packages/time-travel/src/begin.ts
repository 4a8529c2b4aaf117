/** Where a source begins whose head is gone, and what is known there. */
import { Facts, type AnyEvent, type Model } from '@devtrail/events'
import { factsOf, machineOf } from './keyframes.ts'
import { Machine, vocabularyOf } from './machine.ts'
import type { EventSource, SourceStart } from './source.ts'

/** What a log that lost its head would say there: anything may have happened. */
const gapAt = (seq: number): AnyEvent => ({
  seq,
  entry: null,
  time: 0,
  device: null,
  cpu: null,
  actor: null,
  cause: [],
  type: 'log/gap',
  data: { reason: 'the head of the log is gone', lost: null, cpu: null, model: null },
})

/** What is known of incarnations before the first event. */
export function factsBefore(models: readonly Model[], start: SourceStart | undefined): Facts {
  return start?.parts == null ? new Facts(vocabularyOf(models)) : factsOf(models, start.parts)
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
  machine.step(gapAt(start.seq))
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
