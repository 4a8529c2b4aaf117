import type { Emitter, PagemapId, Pfn } from '@devtrail/events'
import type { MemremapPayload } from '../events.ts'
import type { IdleWaits } from '../page/idle-waits.ts'
import type { FaultRules } from '../rules.ts'
import type { Steps } from '../tasks.ts'
import type { DaxFile } from './dax-file.ts'

export interface TruncateParts {
  readonly emitter: Emitter
  readonly rules: FaultRules
  readonly waits: IdleWaits
  readonly pagemapOf: (pfn: Pfn) => PagemapId | null
}

/** What a task waits for that finds the file being truncated by another. */
export const INODE_LOCK = 'the lock of the inode'

/** `inode_lock`: truncations of a file come one after the other. */
export function* truncateSteps(parts: TruncateParts, file: DaxFile, pages: number): Steps<void> {
  while (file.locked) yield { until: () => !file.locked, what: INODE_LOCK }
  file.locked = true
  yield* truncateLocked(parts, file, pages)
  file.locked = false
}

/**
 * Cuts a DAX file to so many pages (`ext4_setattr`, `ext4_break_layouts`). Its blocks may be another file's as soon as it gives
 * them up, so what still references their pages has to be done before: since 4.17 truncation unmaps them and waits. The
 * series gives them up at once.
 */
function* truncateLocked({ emitter, rules, waits, pagemapOf }: TruncateParts, file: DaxFile, pages: number): Steps<void> {
  if (file.blocks.length <= pages) return
  const last = file.blocks.length - 1
  if (rules.truncateWaits) {
    const unmapped = (): Pfn[] => {
      file.unmapMapping(pages, last)
      return file.faultedFrom(pages)
    }
    const waiter = waits.start(unmapped, 'ext4_break_layouts', () => (file.truncating = true))
    yield { until: () => waiter.waitsFor === null, what: 'pages of the file to become idle' }
  } else file.unmapMapping(pages, last)
  file.truncating = false
  const freed = file.faultedFrom(pages)
  file.blocks.length = pages
  for (const page of file.entries.keys()) if (page >= pages) file.entries.delete(page)
  for (const pfn of freed)
    if (emitter.on)
      emitter.emit<MemremapPayload>('memremap/blocks-freed', { mapping: file.mapping, pfn, pages: 1, pagemap: pagemapOf(pfn) })
}
