import type { Moment } from '@devtrail/time-travel'
import { count, type Names, type Ref } from '@devtrail/survey'
import { pageRefText, type Printing } from './device.ts'
import { momentText } from './moment.ts'

function line(ref: Ref, names: Names, p: Printing): string {
  const { style } = p
  const shown = ref.device ?? ref.namespace
  const device =
    style.name(shown === null ? '?' : names.device(shown)) + (ref.device === null && shown !== null ? ' (or who claims it)' : '')
  if (ref.of === 'queue')
    return `queue    ${device}  ${ref.queue.ref.mode ?? 'mode ?'}, count ${count(ref.queue.ref.count)} ${style.dim(ref.queue.id)}`
  const { pagemap } = ref
  const where = pagemap.ranges?.[0]?.start ?? pagemap.id ?? '?'
  if (ref.of === 'pagemap')
    return `pagemap  ${device}  ${where} ${pagemap.state ?? 'state ?'}, ${pagemap.ref.mode ?? 'mode ?'}, count ${count(pagemap.ref.count)}`
  const gone = pagemap.state === 'removed' ? style.bad(' of memory that is gone') : ''
  return `page     ${device}  ${ref.certain ? '' : style.warn('? perhaps ')}${pageRefText(p, ref.ref)}${gone}`
}

/** References still out at a moment, as a person reads them; `ownerless`: how many more there are that may be of the device asked for. */
export function refsText(refs: readonly Ref[], ownerless: number, at: Moment, names: Names, p: Printing): string {
  const { style } = p
  const lines = refs.map((ref) => `${line(ref, names, p)}\n`)
  const none = refs.length > 0 ? '' : ownerless > 0 ? 'none is known to be of it\n' : `${style.good('none is known of')}\n`
  const more =
    ownerless === 0 ? '' : style.dim(`${ownerless} more of pagemaps whose device is not known; listed where no device is asked for\n`)
  return `${style.dim(`references still out ${momentText(at, p.digits)}\n`)}${lines.join('')}${none}${more}`
}

/** The events whose times that shows. */
export const seqsOf = (refs: readonly Ref[]): number[] =>
  refs.flatMap((r) => (r.of === 'page' && r.ref.since !== null ? [r.ref.since.first] : []))
