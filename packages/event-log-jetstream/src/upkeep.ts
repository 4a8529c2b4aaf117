/**
 * In a stream that lets go of old messages, by age or for newer ones, a log would lose what it is (meta, attachments), where it ends
 * and its newest keyframe before it loses the events that those are needed for. So a writer puts such messages to the stream's end
 * again before it comes to them: when they are in the older half of what the stream has.
 */
import { randomUUID } from 'node:crypto'
import { DiscardPolicy, type StoredMsg, type StreamInfo } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { LogDamagedError } from '@devtrail/event-log'
import { renewAttachment } from './attachments.ts'
import { attachmentOf, keyframeOf } from './subjects.ts'
import { renewKeyframe } from './keyframes.ts'
import { renewMeta, type Log } from './place.ts'
import { lastOf } from './stream.ts'

/** How often a writer looks at least, in milliseconds; more often where messages do not get as old as eight times that. */
const LOOK_MS = 15_000
/** Blocks after which it looks; fewer where the stream has few messages or bytes: it comes to no message's turn between two looks. */
const LOOK_BLOCKS = 64
/** The part of what a stream has after which it is looked again. */
const LOOK_PART = 1 / 8

/** What is to be put to the end again: messages before a number, or older than a moment. */
interface Old {
  readonly before: number
  readonly until: number
}

/** Null when the stream is not half full, and nothing in it half as old as it gets. */
function oldIn({ config, state }: StreamInfo, now: number): Old | null {
  const { max_bytes: bytes, max_msgs: messages, max_age: age, discard } = config
  const isFull =
    discard === DiscardPolicy.Old && ((bytes > 0 && state.bytes > bytes / 2) || (messages > 0 && state.messages > messages / 2))
  if (!isFull && age === 0) return null
  return {
    before: isFull ? state.first_seq + (state.last_seq - state.first_seq) / 2 : 0,
    until: age === 0 ? 0 : now - age / nanos(1) / 2,
  }
}

const isOld = ({ seq, time }: StoredMsg, { before, until }: Old): boolean => seq < before || time.getTime() < until

/** What only the writer can put again: who writes, and where the log ends. */
export interface WritersOwn {
  renewLease(): Promise<void>
  /** Puts where the log ends behind the blocks that are on their way. */
  renewEnd(): Promise<void>
}

export class Upkeep {
  readonly #log: Log
  readonly #own: WritersOwn
  #blocks = 0
  #bytes = 0
  #looking: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  readonly #ids = randomUUID()
  #renewals = 0
  /** What the server's clock said, and this process's, which does not jump, when this began. */
  readonly #begun = performance.now()
  #serverBegun: number | null = null

  constructor(log: Log, own: WritersOwn) {
    this.#log = log
    this.#own = own
    if (log.stream.letsGo) this.#timer = setInterval(() => this.#look(), Math.min(LOOK_MS, log.stream.ageMs / 8)).unref()
  }

  /** A block of so many bytes was kept. */
  block(bytes: number): void {
    const { letsGo, messagesMax, bytesMax } = this.#log.stream
    if (!letsGo) return
    this.#blocks++
    this.#bytes += bytes
    if (this.#blocks < Math.min(LOOK_BLOCKS, messagesMax * LOOK_PART) && this.#bytes < bytesMax * LOOK_PART) return
    this.#blocks = 0
    this.#bytes = 0
    this.#look()
  }

  #look(): void {
    this.#looking ??= this.#renew()
      // It is looked again soon; what was lost by then, readers say.
      .catch(() => {})
      .finally(() => {
        this.#looking = null
      })
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#looking
  }

  async #renew(): Promise<void> {
    const { stream, subjects } = this.#log
    const info = await stream.manager.streams.info(stream.name, { subjects_filter: subjects.all })
    const old = oldIn(info, await this.#serverNow())
    if (old === null) return
    const renews = async (subject: string, renew: (message: StoredMsg) => Promise<void>): Promise<void> => {
      const message = await lastOf(stream, subject)
      if (message === null || !isOld(message, old)) return
      await renew(message).catch((error: unknown) => {
        // Part of it is gone already.
        if (!(error instanceof LogDamagedError)) throw error
      })
    }
    const all = Object.keys(info.state.subjects ?? {})
    // What the log is goes first, and so is let go of first: better no log than one of which nobody knows where it ends.
    const meta = await lastOf(stream, subjects.meta)
    if (meta === null || isOld(meta, old)) await renewMeta(this.#log, meta?.seq ?? 0, this.#id())
    for (const subject of all.filter((s) => attachmentOf(s) !== null)) {
      await renews(subject, (message) => renewAttachment(this.#log, message, this.#id()))
    }
    for (const subject of newestKeyframes(all)) await renews(subject, (message) => renewKeyframe(this.#log, message, this.#id()))
    await renews(subjects.writer, () => this.#own.renewLease())
    const events = await lastOf(stream, subjects.events)
    if (events === null || isOld(events, old)) await this.#own.renewEnd()
  }

  /** The time as the server has it, by which messages get old: clocks of hosts may be wrong, and jump. */
  async #serverNow(): Promise<number> {
    // Who writes said so just before.
    this.#serverBegun ??= (await lastOf(this.#log.stream, this.#log.subjects.writer))?.time.getTime() ?? Date.now()
    return this.#serverBegun + performance.now() - this.#begun
  }

  #id(): string {
    return `${this.#ids}.renewed.${++this.#renewals}`
  }
}

/** Of each fold the newest. */
function newestKeyframes(subjects: readonly string[]): string[] {
  const newest = new Map<string, { readonly subject: string; readonly seq: number }>()
  for (const subject of subjects) {
    const keyframe = keyframeOf(subject)
    if (keyframe !== null && (newest.get(keyframe.fold)?.seq ?? -1) < keyframe.seq)
      newest.set(keyframe.fold, { subject, seq: keyframe.seq })
  }
  return [...newest.values()].map(({ subject }) => subject)
}
