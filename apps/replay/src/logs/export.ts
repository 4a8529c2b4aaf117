import { createFileLog } from '@devtrail/event-log/file'
import type { KeptEntry } from '@devtrail/linux-trace'
import { eventToJson, seconds, type AnyEvent } from '@devtrail/events'
import { vocabulary, type Names } from '@devtrail/survey'
import type { Exported } from './exported.ts'
import { RECIPE } from '../simulate/recipe.ts'
import { SUMMARY } from './import.ts'
import { KeptIntake } from './kept.ts'
import { KeyframedIntake } from './keyframed-intake.ts'

/** The next of the entries without effect. */
class Kept {
  readonly #entries: AsyncIterator<KeptEntry>
  #next: KeptEntry | null = null
  #isDone = false

  constructor(entries: AsyncIterable<KeptEntry>) {
    this.#entries = entries[Symbol.asyncIterator]()
  }

  /** Those up to an entry that were not handed out yet. */
  async *upTo(entry: number): AsyncGenerator<KeptEntry> {
    for (;;) {
      if (this.#next === null && !this.#isDone) {
        const { done, value } = await this.#entries.next()
        if (done === true) this.#isDone = true
        else this.#next = value
      }
      if (this.#next === null || this.#next.entry > entry) return
      yield this.#next
      this.#next = null
    }
  }
}

function keptLine(entry: KeptEntry): string {
  const { time } = entry
  return `${JSON.stringify({ ...entry, ...(typeof time === 'number' ? { time: seconds(time, 9) } : {}) })}\n`
}

function eventLine(event: AnyEvent, names: Names): string {
  const device = names.of(event)
  const about = device === null ? {} : { about: names.device(device) }
  return `${JSON.stringify({ ...eventToJson(vocabulary, event), ...about })}\n`
}

/**
 * A log as JSON lines: its meta, then every event in its stored form (with the name of the device it is `about`), and in
 * their places the entries of the recording that have no effect.
 */
export async function* ndjsonOf(exported: Exported, names: Names): AsyncGenerator<string> {
  const { epoch, source, notes } = exported.meta
  yield `${JSON.stringify({ schemaVersion: 1, epoch, source, notes })}\n`
  const kept = new Kept(exported.kept())
  for await (const event of exported.events()) {
    if (event.entry !== null) for await (const entry of kept.upTo(event.entry - 1)) yield keptLine(entry)
    yield eventLine(event, names)
  }
  for await (const entry of kept.upTo(Infinity)) yield keptLine(entry)
}

/** All that leaves a log, as a log of its own. */
export async function writeLog(exported: Exported, folder: string, signal: AbortSignal): Promise<void> {
  await using writer = await createFileLog(folder, exported.meta, vocabulary, { atomic: true, compress: true })
  const intake = new KeyframedIntake(writer)
  for await (const event of exported.events()) {
    signal.throwIfAborted()
    await intake.take(event)
  }
  const kept = new KeptIntake(writer)
  for await (const entry of exported.kept()) {
    signal.throwIfAborted()
    await kept.take(entry)
  }
  await kept.end()
  const { imported } = exported
  if (imported !== null) await writer.attach(SUMMARY, new TextEncoder().encode(`${JSON.stringify(imported, null, 2)}\n`))
  const recipe = await exported.recipe()
  if (recipe !== null) await writer.attach(RECIPE, recipe)
  await writer.close()
}
