/** A log on a disk in small segments, blocks of a few events, and with keyframes in between. */
import { sampleMeta } from '@devtrail/event-log'
import { createFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { KeyframeRecorder, Machine } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'

/** Events of a block, and from one keyframe to the next: neither divides the other. */
const BLOCK_EVENTS = 7
export const KEYFRAME_EVENTS = 45
const SEGMENT_BYTES = 4096

/** Writes one; its keyframes are those of the fold `x`. */
export async function writeSegmented(folder: string, events: readonly AnyEvent[], keyframeEvents = KEYFRAME_EVENTS): Promise<void> {
  await using writer = await createFileLog(folder, sampleMeta(), vocabulary, { segmentBytes: SEGMENT_BYTES })
  const recorder = new KeyframeRecorder(new Machine(models))
  for (const event of events) {
    await writer.append([event])
    recorder.machine.step(event)
    if (event.seq > 0 && event.seq % BLOCK_EVENTS === 0) await writer.flush('written')
    if (event.seq > 0 && event.seq % keyframeEvents === 0) await writer.keyframe('x', recorder.cut(event.seq))
  }
  await writer.close()
}
