/**
 * What can be said of a log whose head is gone: from its first keyframe on, when that is among the first half of what is there. Else
 * nothing of what was before, and all that is there can be asked: in doubt up to the keyframe, if one comes.
 */
import type { AnyEvent } from '@devtrail/events'
import type { SourceStart, StoredKeyframe } from '@devtrail/time-travel'

/** What has to be known of such a log. */
export interface HeadlessLog {
  readonly gone: { readonly events: number; readonly seq: number }
  readonly lastSeq: number
  readonly meta: { readonly source: { readonly [name: string]: unknown } }
  keyframes(fold: string): Promise<readonly number[]>
  keyframe(fold: string, atOrBefore: number, options: { readonly onDamage: () => void }): Promise<StoredKeyframe | null>
  read(range: { readonly from: number; readonly to: number }): AsyncIterable<AnyEvent>
}

/** Who a log of several hosts is of, by its meta. */
function hostsOf({ source: { kind, hosts, reference } }: HeadlessLog['meta']): Pick<SourceStart, 'hosts'> {
  if (kind !== 'merged' || !Array.isArray(hosts)) return {}
  return { hosts: hosts.map((name) => ({ name: String(name), isReference: name === reference })) }
}

/** Where a log is known from, and where all of it is known again, if not from there on. */
export interface KnownStart extends SourceStart {
  readonly againFrom?: number
}

/** Where a log is known from; null: all of it is there. */
export async function startOf(log: HeadlessLog, fold: string): Promise<KnownStart | null> {
  const { gone } = log
  if (gone.events === 0) return null
  const hosts = hostsOf(log.meta)
  const until = gone.seq + (log.lastSeq - gone.seq) / 2
  const first = (await log.keyframes(fold)).find((seq) => seq >= gone.seq)
  const keyframe = first === undefined ? null : await log.keyframe(fold, first, { onDamage: () => {} })
  const inDoubt = { seq: gone.seq, entry: null, time: null, ended: false, parts: null, ...hosts }
  if (keyframe === null || keyframe.seq < gone.seq) return inDoubt
  if (keyframe.seq > until) return { ...inDoubt, againFrom: keyframe.seq }
  const { seq, parts } = keyframe
  let at: { readonly entry: number | null; readonly time: number | null; readonly type: string } = { entry: null, time: null, type: '' }
  for await (const event of log.read({ from: seq, to: seq })) at = event
  return { seq, entry: at.entry, time: at.time, ended: at.type === 'log/ended', parts, ...hosts }
}

/** What that means to whoever asks. */
export function goneInWords({ gone, lastSeq }: Pick<HeadlessLog, 'gone' | 'lastSeq'>, start: KnownStart): string {
  const those = `its first ${gone.seq} events are gone`
  if (start.parts === null) {
    const again = start.againFrom === undefined ? '' : `, until at event ${start.againFrom} a keyframe says it`
    return `${those}, and no keyframe says what was then: what they told is not known${again}`
  }
  return `${those}; it is known from event ${start.seq} on${start.seq < lastSeq ? '' : ', the last one'}`
}
