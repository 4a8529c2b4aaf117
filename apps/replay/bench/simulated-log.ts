import { join } from 'node:path'
import { LOG_SCHEMA_VERSION } from '@devtrail/event-log'
import { createFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { KeyframeRecorder, Machine } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { Simulation } from './simulated.ts'

/** The name under which the bench keeps its keyframes. */
export const FOLD = 'bench'
const BATCH = 4096

/** Writes a log of about `count` made-up events, with keyframes, into `folder`, under the name of a fold. `also` gets each batch. @returns its path. */
export async function writeSimulated(
  folder: string,
  count: number,
  also: (events: readonly AnyEvent[]) => void = () => {},
  fold = FOLD,
): Promise<string> {
  const path = join(folder, 'log')
  const writer = await createFileLog(
    path,
    { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'bench' }, notes: [] },
    vocabulary,
  )
  const simulation = new Simulation()
  const recorder = new KeyframeRecorder(new Machine(models))
  while (writer.lastSeq < count) {
    const events = simulation.next(BATCH)
    await writer.append(events)
    for (const event of events) recorder.machine.step(event)
    if (recorder.isDue(writer.lastSeq)) await writer.keyframe(fold, recorder.cut(writer.lastSeq))
    also(events)
  }
  await writer.close()
  return path
}
