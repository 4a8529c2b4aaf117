import { seconds, type AnyEvent, type Json, type Violation } from '@devtrail/events'
import { number, type Names } from '@devtrail/survey'
import { alike, moreLikeIt } from './alike.ts'
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

/** A violation as `check --json` prints it. */
export const violationJson = (v: Violation, names: Names, digits: 6 | 9): { readonly [field: string]: Json } => ({
  rule: v.rule,
  certainty: v.certainty,
  seq: v.seq,
  time: seconds(v.time, digits),
  device: v.device === null ? null : names.device(v.device),
  ...(v.host === undefined ? {} : { host: names.host(v.host) }),
  summary: v.summary,
  evidence: v.evidence,
  data: v.data,
})

function heading(v: Violation, { names, style, digits }: Report): string {
  const certainty = v.certainty === 'certain' ? style.bad('certain ') : style.warn('possible')
  const on = v.device === null ? (v.host === undefined ? null : names.host(v.host)) : names.device(v.device)
  const device = on === null ? '' : ` ${style.dim('on')} ${style.name(on)}`
  return `${certainty} ${style.bold(v.rule)}${device} ${style.dim('at')} ${style.when(seconds(v.time, digits))} ${style.dim(`(event ${v.seq})`)}`
}

const indented = (text: string, width: number, hang = ''): string[] => wrap(visible(text), width - 2, hang).map((line) => `  ${line}`)

/** Violations in groups that are told at once: of one rule, as certain, on one device, and the same but for the page. */
export const groupsOf = (violations: readonly Violation[]): Violation[][] =>
  alike(violations, ({ rule, certainty, device }) => `${rule} ${certainty} ${device}`)

/** What else is about the pages of a group: each other rule's report once, those that are alike together. */
function othersOf(group: readonly Violation[]): Linked[][] {
  const linked = new Map(group.flatMap((v) => linkedOf(v).map((l) => [`${l.rule} ${l.seq}`, l] as const)))
  return alike([...linked.values()], ({ rule }) => rule)
}

const also = (more: readonly { readonly seq: number; readonly summary: string }[]): string => {
  const text = moreLikeIt(more)
  return text === '' ? '' : `; ${text}`
}

/** A broken rule in full: how certain, what, where, when, what else is about the same pages, and the events that prove it. */
export function violationText(group: readonly Violation[], report: Report): string {
  const [first, ...more] = group as readonly [Violation, ...Violation[]]
  const { events, names, style, digits } = report
  const evidence = new Set(group.flatMap((v) => v.evidence))
  const proofs = [...evidence].toSorted((a, b) => a - b).flatMap((seq) => events.get(seq) ?? [])
  const lines = [
    heading(first, report),
    ...indented(`${first.summary}${also(more)}`, style.width),
    ...othersOf(group).flatMap(([l, ...rest]) =>
      indented(`→ event ${l!.seq}, ${l!.rule}: ${l!.summary}${also(rest)}`, style.width, '  ').map(style.dim),
    ),
    ...evidenceLines(proofs, names, style, digits).map((line) => `  ${line}`),
  ]
  return `${lines.join('\n')}\n`
}

/** A report of the kernel about what another rule has explained: said once more, briefly. */
export function echoText(group: readonly Violation[], report: Report): string {
  const [first, ...more] = group as readonly [Violation, ...Violation[]]
  const others = othersOf(group)
    .map(([l, ...rest]) => `${l!.rule} (event ${l!.seq}${rest.length === 0 ? '' : ` and ${number(rest.length)} more`})`)
    .join(', ')
  return `${[heading(first, report), ...indented(`${first.summary}${also(more)}`, report.style.width), ...indented(`→ explained by ${others}`, report.style.width).map(report.style.dim)].join('\n')}\n`
}

/** Whether a violation is a report of the kernel that another rule explains: those come last. */
export function isEcho(v: Violation): boolean {
  return v.rule.startsWith('kernel/') && linkedOf(v).length > 0
}
