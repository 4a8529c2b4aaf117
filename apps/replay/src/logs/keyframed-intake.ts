import type { LogWriter } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import { models } from '@devtrail/survey'
import { EventFold, KeyframeRecorder, Machine } from '@devtrail/time-travel'
import { foldVersion } from './code-version.ts'

/** Takes events into a log, with keyframes on the way. */
export class KeyframedIntake {
  readonly #writer: LogWriter
  readonly #machine = new Machine(models)
  readonly #fold = new EventFold(this.#machine)
  readonly #keyframes = new KeyframeRecorder(this.#machine)

  constructor(writer: LogWriter) {
    this.#writer = writer
  }

  /** @returns null when there is nothing to wait for. */
  take(event: AnyEvent): Promise<unknown> | null {
    const taking = this.#writer.take(event)
    this.#fold.step(event)
    if (!this.#keyframes.isDue(event.seq)) return taking
    const keyframe = this.#writer.keyframe(foldVersion(), this.#keyframes.cut(event.seq))
    return taking === null ? keyframe : Promise.all([taking, keyframe])
  }
}
