/** What can be said of a log whose head is gone: from its first keyframe on, or, without one, nothing of what was before. */
import type { AnyEvent } from '@devtrail/events'
import type { SourceStart, StoredKeyframe } from '@devtrail/time-travel'

/** Nothing can be said of what is left. */
export class NothingKnownError extends Error {
  override readonly name = 'NothingKnownError'
}

/** What has to be known of such a log. */
export interface HeadlessLog {
  readonly gone: { readonly events: number; readonly seq: number }
  readonly meta: { readonly source: { readonly [name: string]: unknown } }
  keyframes(fold: string): Promise<readonly number[]>
  keyframe(fold: string, atOrBefore: number, options: { readonly onDamage: () => void }): Promise<StoredKeyframe | null>
  read(range: { readonly from: number; readonly to: number }): AsyncIterable<AnyEvent>
}

/**
 * Where a log is known from; null: all of it is there.
 * @throws NothingKnownError of one of several hosts where no keyframe says what was.
 */
export async function startOf(log: HeadlessLog, fold: string): Promise<SourceStart | null> {
  const { gone } = log
  if (gone.events === 0) return null
  const first = (await log.keyframes(fold)).find((seq) => seq >= gone.seq)
  const keyframe = first === undefined ? null : await log.keyframe(fold, first, { onDamage: () => {} })
  if (keyframe === null || keyframe.seq < gone.seq) {
    // Whatever is said next may be of a host that nothing was heard of yet, and would stand there as if it had just begun.
    if (log.meta.source['kind'] === 'merged')
      throw new NothingKnownError(`its first ${gone.seq} events are gone, and no keyframe says what was then; merge the hosts' logs anew`)
    return { seq: gone.seq, entry: null, time: null, ended: false, parts: null }
  }
  const { seq, parts } = keyframe
  let at: { readonly entry: number | null; readonly time: number | null; readonly type: string } = { entry: null, time: null, type: '' }
  for await (const event of log.read({ from: seq, to: seq })) at = event
  return { seq, entry: at.entry, time: at.time, ended: at.type === 'log/ended', parts }
}

/** What that means to whoever asks. */
export function goneInWords({ gone, lastSeq }: Pick<HeadlessLog, 'gone'> & { readonly lastSeq: number }, start: SourceStart): string {
  const those = `its first ${gone.seq} events are gone`
  if (start.parts === null) return `${those}, and no keyframe says what was then: what they told is not known`
  return `${those}; it is known from event ${start.seq} on${start.seq < lastSeq ? '' : ', the last one'}`
}
