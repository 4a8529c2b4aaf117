import { seconds, type AnyEvent, type Violation } from '@devtrail/events'
import type { Names } from '@devtrail/survey'
import { evidenceLines } from './evidence.ts'
import type { Style } from './style.ts'
import { visible, wrap } from './text.ts'

interface Linked {
  readonly rule: string
  readonly seq: number
  readonly summary: string
}

/** Other rules' reports about the same pages, which `check` put into the data. */
export const linkedOf = (v: Violation): readonly Linked[] => (Array.isArray(v.data['linked']) ? (v.data['linked'] as Linked[]) : [])

/** What a violation is printed with. */
export interface Report {
  readonly events: ReadonlyMap<number, AnyEvent>
  readonly names: Names
  readonly style: Style
  readonly digits: 6 | 9
}

function heading(v: Violation, { names, style, digits }: Report): string {
  const certainty = v.certainty === 'certain' ? style.bad('certain ') : style.warn('possible')
  const on = v.device === null ? (v.host === undefined ? null : names.host(v.host)) : names.device(v.device)
  const device = on === null ? '' : ` ${style.dim('on')} ${style.name(on)}`
  return `${certainty} ${style.bold(v.rule)}${device} ${style.dim('at')} ${style.when(seconds(v.time, digits))} ${style.dim(`(event ${v.seq})`)}`
}

const indented = (text: string, width: number, hang = ''): string[] => wrap(visible(text), width - 2, hang).map((line) => `  ${line}`)

/** A broken rule in full: how certain, what, where, when, what else is about the same pages, and the events that prove it. */
export function violationText(v: Violation, report: Report): string {
  const { events, names, style, digits } = report
  const proofs = v.evidence.flatMap((seq) => events.get(seq) ?? [])
  const lines = [
    heading(v, report),
    ...indented(v.summary, style.width),
    ...linkedOf(v).flatMap((l) => indented(`→ event ${l.seq}, ${l.rule}: ${l.summary}`, style.width, '  ').map(style.dim)),
    ...evidenceLines(proofs, names, style, digits).map((line) => `  ${line}`),
  ]
  return `${lines.join('\n')}\n`
}

/** A report of the kernel about what another rule has explained: said once more, briefly. */
export function echoText(v: Violation, report: Report): string {
  const others = linkedOf(v)
    .map((l) => `${l.rule} (event ${l.seq})`)
    .join(', ')
  return `${[heading(v, report), ...indented(v.summary, report.style.width), ...indented(`→ explained by ${others}`, report.style.width).map(report.style.dim)].join('\n')}\n`
}

/** Whether a violation is a report of the kernel that another rule explains: those come last. */
export function isEcho(v: Violation): boolean {
  return v.rule.startsWith('kernel/') && linkedOf(v).length > 0
}
