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

/** Calls whenever files are gone, shorter, or another log's than before, until the signal aborts. */
export async function watchLog(folder: string, changed: () => void, signal: AbortSignal, lookMs = LOOK_MS): Promise<void> {
  let before = await filesOf(folder)
  while (!signal.aborted) {
    await wait(lookMs, undefined, { signal }).catch(() => {})
    const now = await filesOf(folder)
    if (isLess(now, before)) changed()
    before = now
  }
}
