/** What a log that grows has beside its events, on their way too: attachments and keyframes that came since. */
import type { LogReader, LogWriter } from '@devtrail/event-log'
import { openFileLog } from '@devtrail/event-log/file'
import { vocabulary } from '@devtrail/survey'
import { foldVersion } from '../logs/code-version.ts'
import type { OpenLog } from '../logs/open.ts'
import { copyAttachments, KeyframeCopy, newestOf, type Have } from './copy.ts'

/** Where a log's attachments go. */
export interface AttachmentsPlace {
  /** @throws StreamError when so many bytes are too many. */
  mustHold(attachmentBytes: number): Promise<void>
}

/** That a stream can hold a log's attachments, before any of it goes there. @throws StreamError. */
export async function mustHoldAttachments(place: AttachmentsPlace, reader: LogReader): Promise<void> {
  await place.mustHold((await reader.attachments()).reduce((sum, { bytes }) => sum + bytes, 0))
}

/** How often it is looked for more, in milliseconds. */
const LOOK_MS = 5000

export class BesideEvents {
  readonly #log: OpenLog
  readonly #place: AttachmentsPlace
  readonly #writer: LogWriter
  readonly #attached: Set<string>
  #newest: number
  #lookedAt = performance.now()
  /** How many were copied. */
  keyframes = 0
  attachments = 0

  /** @param have what is there already. */
  constructor(log: OpenLog, place: AttachmentsPlace, writer: LogWriter, have: Have) {
    this.#log = log
    this.#place = place
    this.#writer = writer
    this.#attached = new Set(have.attachments)
    this.#newest = newestOf(have)
  }

  /** Copies what there is, now and then. */
  async copyDue(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_MS) return
    await this.copy()
  }

  /** Copies what there is now. A reader sees what there was when it was opened: it takes one of now. */
  async copy(): Promise<void> {
    await using now = await openFileLog(this.#log.folder, vocabulary)
    await mustHoldAttachments(this.#place, now)
    const fold = foldVersion()
    const due = (await now.keyframes(fold)).filter((seq) => seq > this.#newest && seq <= this.#writer.lastSeq)
    const keyframes = new KeyframeCopy(now, this.#writer, fold)
    for (const seq of due) {
      await keyframes.copy(seq)
      this.#newest = seq
    }
    this.keyframes += keyframes.count
    this.attachments += await copyAttachments(now, this.#writer, this.#attached)
    for (const { name } of await now.attachments()) this.#attached.add(name)
    this.#lookedAt = performance.now()
  }
}
