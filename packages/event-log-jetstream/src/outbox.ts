/**
 * Blocks on their way, several at once, and yet in order and fenced. The first of a burst names the number of the subject's last
 * message; each further one the id of the one before it, which has to be the last of the whole stream. (Numbers would have to be
 * guessed, and a wrong guess can hit.) So when somebody else's message comes between, the server refuses what is behind it, which is
 * sent again; the more often, the fewer at once.
 */
import { OvertakenError, publish, publishOnce } from './publish.ts'
import { sealedMessage } from './sealed.ts'
import { codeOf, WRONG_LAST_ID, WRONG_LAST_SEQUENCE, type Stream } from './stream.ts'

const REFUSED = new Set([WRONG_LAST_SEQUENCE, WRONG_LAST_ID])
/** Messages on their way at once, at most. */
const WINDOW_MAX = 16
/** Bytes that wait to be acknowledged by the server, at most, before whoever appends waits, too. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024

export interface OutboxOptions {
  readonly subject: string
  /** Where pieces go of what is too large for a message. */
  readonly pieces: string
  /** Number of the last message of the subject. */
  readonly last: number
  readonly patienceMs: number
}

interface Outgoing {
  /** Whether it was sent, with an answer that is not known. */
  isUnderway: boolean
  readonly content: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly id: string
  readonly kept: () => void
  readonly failed: (error: unknown) => void
}

export class Outbox {
  readonly #stream: Stream
  readonly #options: OutboxOptions
  readonly #queue: Outgoing[] = []
  #last: number
  #window = WINDOW_MAX / 2
  #waiting = 0
  #isRunning = false
  #roomMade: (() => void) | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(stream: Stream, options: OutboxOptions) {
    this.#stream = stream
    this.#options = options
    this.#last = options.last
  }

  /** Sends a message behind those before it. Resolves when the server keeps it. @throws OvertakenError, or as the server refuses. */
  send(content: Uint8Array, headers: Readonly<Record<string, string>>, id: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (this.#failure !== null) {
      reject(this.#failure.error)
      return promise
    }
    this.#waiting += content.length
    this.#queue.push({ isUnderway: false, content, headers, id, kept: resolve, failed: reject })
    if (!this.#isRunning) void this.#run()
    return promise
  }

  /** Null when more may come at once; else resolves when so much was acknowledged that it may, or nothing is any more. */
  room(): Promise<void> | null {
    if (this.#waiting < WAITING_BYTES_MAX || this.#failure !== null) return null
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#roomMade
    this.#roomMade = () => {
      before?.()
      resolve()
    }
    return promise
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    // What is appended in one go is sent in one go.
    await Promise.resolve()
    try {
      while (this.#queue.length > 0) await this.#burst()
    } catch (error) {
      this.#failure = { error }
      for (const { failed } of this.#queue.splice(0)) failed(error)
      this.#makeRoom()
    }
    this.#isRunning = false
  }

  #makeRoom(): void {
    this.#roomMade?.()
    this.#roomMade = null
  }

  #kept(seq: number): void {
    const { content, kept } = this.#queue.shift()!
    this.#last = seq
    this.#waiting -= content.length
    kept()
    if (this.#waiting <= WAITING_BYTES_MAX / 2) this.#makeRoom()
  }

  async #burst(): Promise<void> {
    const { subject, pieces, patienceMs } = this.#options
    const stream = this.#stream
    const batch = this.#queue.slice(0, this.#window)
    const messages = await Promise.all(
      batch.map(async ({ content, headers, id }) => ({
        subject,
        id,
        ...(await sealedMessage(stream, { content, headers, pieces, patienceMs })),
      })),
    )
    const last = this.#last
    for (const outgoing of batch) outgoing.isUnderway = true
    const answers = await Promise.allSettled(
      messages.map((message, i) =>
        publishOnce(stream, i === 0 ? { ...message, after: last } : { ...message, behind: messages[i - 1]!.id }),
      ),
    )
    const lost = answers.findIndex(({ status }) => status === 'rejected')
    for (const answer of lost < 0 ? answers : answers.slice(0, lost)) this.#kept((answer as PromiseFulfilledResult<number>).value)
    if (lost < 0) {
      this.#window = Math.min(WINDOW_MAX, this.#window * 2)
      return
    }
    const isRefused = REFUSED.has(codeOf((answers[lost] as PromiseRejectedResult).reason) ?? 0)
    if (isRefused && answers.slice(lost).some(({ status }) => status === 'fulfilled')) {
      throw new Error(`the server took a block of ${subject} behind one that it refused: this is no order to go on from`)
    }
    // A message between is usual where others write; no answer is not.
    this.#window = isRefused ? Math.max(1, this.#window >> 1) : 1
    // Sent alone, and until it is there, it is no guess any more. Those behind it may have come through without their answers.
    const behind = new Set(this.#queue.slice(1).flatMap(({ isUnderway, id }) => (isUnderway ? [id] : [])))
    this.#kept(await this.#surely({ ...messages[lost]!, after: this.#last, patienceMs }, behind))
  }

  async #surely(publishing: Parameters<typeof publish>[1], behind: ReadonlySet<string>): Promise<number> {
    try {
      return await publish(this.#stream, publishing)
    } catch (error) {
      // One of ours that follows is only there if this one is: what is between them is in the order in which it was sent.
      if (error instanceof OvertakenError && behind.has(error.id)) return error.seq - 1
      throw error
    }
  }
}
