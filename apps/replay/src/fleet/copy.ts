/** What a log has, into another one that has a beginning of it: events, keyframes, attachments. */
import { LogDamagedError, type LogReader, type LogWriter } from '@devtrail/event-log'
import type { AnyEvent } from '@devtrail/events'
import type { Hole, Holes } from './holes.ts'

/** What is there already. */
export interface Have {
  /** `seq` before the first event that it has. */
  readonly start: number
  /** Events, the baseline included. */
  readonly events: number
  readonly lastSeq: number
  readonly attachments: ReadonlySet<string>
  /** The `seq` of its keyframes. */
  readonly keyframes: ReadonlySet<number>
}

export const NOTHING: Have = { start: 0, events: 0, lastSeq: 0, attachments: new Set(), keyframes: new Set() }

export interface CopyOptions {
  /** Whose keyframes are copied. */
  readonly fold: string
  readonly signal: AbortSignal
  /** Told after each block how many events of the log there are in the copy. */
  readonly onProgress: (events: number) => void
  /** What is lost of the log becomes gaps, and is told there; else damage ends the copy. */
  readonly holes?: Holes
  /** Which attachments there are, and who is told of one that is damaged and left out; else damage ends the copy. */
  readonly attachments?: { readonly names: readonly string[]; readonly damaged: (name: string, damage: LogDamagedError) => void }
}

export interface Copied {
  readonly events: number
  readonly keyframes: number
  readonly attachments: number
}

/** Keyframes from one log to another, each by what changed since the one before. */
export class KeyframeCopy {
  readonly #from: LogReader
  readonly #to: LogWriter
  readonly #fold: string
  #before: { readonly seq: number; readonly parts: ReadonlyMap<string, Uint8Array> } | null = null
  count = 0

  constructor(from: LogReader, to: LogWriter, fold: string) {
    this.#from = from
    this.#to = to
    this.#fold = fold
  }

  async copy(seq: number): Promise<void> {
    const keyframe = await this.#from.keyframe(this.#fold, seq, { onDamage: () => {} })
    // Damaged: the events tell the same.
    if (keyframe?.seq !== seq) return
    const { parts } = keyframe
    const before = this.#before
    const changed = [...parts].filter(([name, bytes]) => {
      const old = before?.parts.get(name)
      return old === undefined || Buffer.compare(old, bytes) !== 0
    })
    const gone = [...(before?.parts.keys() ?? [])].filter((name) => !parts.has(name)).map((name) => [name, null] as const)
    try {
      await this.#to.keyframe(this.#fold, { at: seq, since: before?.seq ?? null, parts: [...changed, ...gone] })
    } catch (error) {
      // The one before is gone there, or damaged: this one is there as a whole.
      if (before === null) throw error
      await this.#to.keyframe(this.#fold, { at: seq, since: null, parts })
    }
    this.#before = { seq, parts }
    this.count++
  }
}

/** The events behind those there are, each handed to `take` once. @returns how many. */
async function copyEvents(
  from: LogReader,
  to: LogWriter,
  have: Have,
  due: readonly number[],
  keyframes: KeyframeCopy,
  { signal, onProgress, holes }: CopyOptions,
): Promise<number> {
  // Of a baseline that is there in part the rest is behind what is there.
  let skip = have.lastSeq === 0 ? have.events : 0
  let [taken, next] = [0, 0]
  const put = async (event: AnyEvent): Promise<void> => {
    const { seq } = event
    const room = to.take(event)
    taken++
    if (room !== null) await room
    if (seq !== due[next]) return
    next++
    await keyframes.copy(seq)
  }
  const fill = async (hole: Hole | null): Promise<void> => {
    if (hole !== null) for (const gap of holes!.gapsIn(hole)) await put(gap)
  }
  const range = { from: have.lastSeq === 0 ? 0 : have.lastSeq + 1, signal, ...(holes !== undefined && { onDamage: holes.damaged }) }
  for await (const block of from.blocks(range)) {
    for (let place = 0; place < block.count; place++) {
      const seq = block.seq(place)
      if (seq <= have.lastSeq && have.lastSeq > 0) continue
      if (skip > 0) {
        skip--
        continue
      }
      await fill(holes?.before(seq, block.time[place]!) ?? null)
      await put(block.view(place))
    }
    onProgress(have.events + taken)
  }
  await fill(holes?.atEnd(from.lastSeq) ?? null)
  return taken
}

/** Copies those that are not there yet: all, where damage ends it, or those that are `chosen`, each that can be read. */
export async function copyAttachments(
  from: LogReader,
  to: LogWriter,
  have: ReadonlySet<string>,
  chosen?: CopyOptions['attachments'],
): Promise<number> {
  const names = chosen?.names ?? (await from.attachments()).map(({ name }) => name)
  let count = 0
  for (const name of names.filter((each) => !have.has(each))) {
    try {
      await to.attach(name, from.attachmentChunks(name))
      count++
    } catch (error) {
      if (chosen === undefined || !(error instanceof LogDamagedError)) throw error
      chosen.damaged(name, error)
    }
  }
  return count
}

/** The newest keyframe there is; older ones that are not there could not be had. */
export const newestOf = ({ keyframes, start }: Have): number => Math.max(start - 1, 0, ...keyframes)

/** Copies what is missing; ends where the reader's log ended when it was opened. */
export async function copyLog(from: LogReader, to: LogWriter, have: Have, options: CopyOptions): Promise<Copied> {
  const keyframes = new KeyframeCopy(from, to, options.fold)
  const begin = Math.max(have.lastSeq, from.gone.seq)
  const missing = (await from.keyframes(options.fold)).filter((seq) => seq >= from.gone.seq && seq > newestOf(have))
  for (const seq of missing.filter((s) => s <= begin)) await keyframes.copy(seq)
  const due = missing.filter((s) => s > begin)
  const events = await copyEvents(from, to, have, due, keyframes, options)
  const attachments = await copyAttachments(from, to, have.attachments, options.attachments)
  return { events, keyframes: keyframes.count, attachments }
}
