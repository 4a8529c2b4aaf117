import type { ImportSummary } from '@devtrail/linux-trace'
import type { Imported } from '../logs/import.ts'
import type { Style } from './style.ts'
import { facts, table } from './table.ts'
import { visible, wrap } from './text.ts'
import { number, plural } from '@devtrail/survey'

function lostText(style: Style, lost: number | null): string {
  if (lost === null) return style.warn('? the recording does not say')
  return lost === 0 ? 'none' : style.warn(plural(lost, 'entry', 'entries'))
}

/** `incomplete` is not there in logs of before it was. */
function entriesText(style: Style, { entries, complete, incomplete = [] }: Partial<ImportSummary> & { readonly entries: number }): string {
  const why = incomplete.length === 0 ? '' : `: ${incomplete.join(', ')}`
  return `${number(entries)}${complete ? '' : style.warn(`, incomplete${why}`)}`
}

/** What an import found, as a person reads it; `more` adds lines to the first block. */
export function summaryText(style: Style, { name, summary, leftOut }: Imported, more: readonly (readonly [string, string])[] = []): string {
  const head: (readonly [string, string])[] = [
    ['recording', style.bold(visible(name))],
    ['kernel', summary.kernel === null ? style.warn('?') : visible(summary.kernel)],
    ...(summary.clock == null ? [] : [['clock', visible(summary.clock)] as const]),
    ['entries', entriesText(style, summary)],
    ['events', number(summary.events)],
    ['lost', lostText(style, summary.lost)],
    ...(summary.unparsed > 0 ? [['unreadable', style.warn(plural(summary.unparsed, 'entry', 'entries'))] as const] : []),
    ...(summary.unknown.length > 0
      ? [['unknown', `${summary.unknown.map(visible).join(', ')} ${style.dim('(kept, without effect)')}`] as const]
      : []),
    ...more.map(([n, text]) => [n, wrap(text, style.width - 14).join('\n')] as const),
    ...(summary.notes.length > 0
      ? [['notes', summary.notes.flatMap((n) => wrap(visible(n), style.width - 14, '  ')).join('\n')] as const]
      : []),
  ]
  const without = Object.entries(summary.withoutEffect).toSorted(([, a], [, b]) => b - a)
  const effectless =
    without.length === 0
      ? ''
      : `\n${style.dim(`entries deliberately without effect (${leftOut ? 'left out of this log' : 'kept in the log'})`)}\n${table(
          [{ title: '', align: 'right' }, { title: '' }],
          without.map(([event, n]) => [number(n), visible(event)]),
        )}`
  return facts(head, style.dim) + effectless
}
