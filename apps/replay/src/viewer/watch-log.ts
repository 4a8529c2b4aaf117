/** What happens to a log's files that is no growth: they are deleted, cut, or another log's. */
import { setTimeout as wait } from 'node:timers/promises'
import { logId } from './log-id.ts'
import { namesIn, sizeOf } from './log-folder.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 1000

interface Files {
  readonly id: string | null
  readonly sizes: ReadonlyMap<string, number>
}

async function filesOf(folder: string): Promise<Files> {
  const names = (await namesIn(folder, 'segments')) ?? []
  const sizes = await Promise.all(names.map(async (name) => [name, (await sizeOf(folder, `segments/${name}`)) ?? 0] as const))
  return { id: await logId(folder).catch(() => null), sizes: new Map(sizes) }
}

const isLess = (now: Files, before: Files): boolean =>
  now.id !== before.id || [...before.sizes].some(([name, size]) => (now.sizes.get(name) ?? -1) < size)

/** Looks at a log's files, and at what has become of them. */
export class LogWatch {
  readonly #folder: string
  #before: Files

  private constructor(folder: string, before: Files) {
    this.#folder = folder
    this.#before = before
  }

  /** Takes the files as they are now for what they should be. */
  static async begin(folder: string): Promise<LogWatch> {
    return new LogWatch(folder, await filesOf(folder))
  }

  /** Calls whenever files are gone, shorter, or another log's than before, until the signal aborts. */
  async run(changed: () => void, signal: AbortSignal, lookMs = LOOK_MS): Promise<void> {
    while (!signal.aborted) {
      await wait(lookMs, undefined, { signal }).catch(() => {})
      const now = await filesOf(this.#folder)
      if (isLess(now, this.#before)) changed()
      this.#before = now
    }
  }
}
