/** Where one is in a log, as a link: everything behind `#` in the address. Version 1. */

export type Axis = 'time' | 'events'
export type Tab = 'devices' | 'refs' | 'memory' | 'tasks' | 'compare'

export interface Link {
  /** The event behind which one stands. */
  readonly at: number | null
  readonly selected: number | null
  /** The rule of the violation that is explained. */
  readonly rule: string | null
  /** The device whose row is the current one. */
  readonly row: string | null
  readonly axis: Axis
  /** What is to be seen of the axis: nanoseconds, or events. */
  readonly view: readonly [from: number, to: number] | null
  readonly tab: Tab
  readonly compare: number | null
  readonly where: string
  /** Whether only events of the current row are listed. */
  readonly only: boolean
  /** What the names of the rows have in them; empty: all are there. */
  readonly named: string
}

const VERSION = '1'
const TABS: readonly Tab[] = ['devices', 'refs', 'memory', 'tasks', 'compare']

export const START: Link = {
  at: null,
  selected: null,
  rule: null,
  row: null,
  axis: 'time',
  view: null,
  tab: 'devices',
  compare: null,
  where: '',
  only: false,
  named: '',
}

export function linkText(link: Link): string {
  const said = new URLSearchParams({ v: VERSION })
  for (const name of ['at', 'selected', 'rule', 'row', 'compare'] as const) {
    const value = link[name]
    if (value !== null) said.set(name, String(value))
  }
  if (link.axis !== START.axis) said.set('axis', link.axis)
  if (link.tab !== START.tab) said.set('tab', link.tab)
  if (link.view !== null) said.set('view', link.view.map((n) => String(Math.round(n))).join('-'))
  if (link.where !== '') said.set('where', link.where)
  if (link.only) said.set('only', 'row')
  if (link.named !== '') said.set('named', link.named)
  return `#${said.toString()}`
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}

function viewOf(text: string | null): Link['view'] {
  const m = /^(\d{1,18})-(\d{1,18})$/.exec(text ?? '')
  return m !== null && Number(m[1]) < Number(m[2]) ? [Number(m[1]), Number(m[2])] : null
}

const hasVersion = (said: URLSearchParams): boolean => said.get('v') === VERSION

/** Which parts of a link cannot be read, and are left out, as they stand there. */
export function unreadIn(text: string): readonly string[] {
  const said = new URLSearchParams(text.replace(/^#/, ''))
  if ([...said].length === 0) return []
  if (!hasVersion(said)) return [text]
  const link = parseLink(text)
  const isRead: Readonly<Record<string, boolean>> = {
    at: link.at !== null,
    selected: link.selected !== null,
    compare: link.compare !== null,
    view: link.view !== null,
    axis: said.get('axis') === link.axis,
    tab: said.get('tab') === link.tab,
    only: link.only,
  }
  return [...said].flatMap(([name, value]) => (Object.hasOwn(isRead, name) && isRead[name] === false ? [`${name}=${value}`] : []))
}

/** What cannot be read is left out. */
export function parseLink(text: string): Link {
  const said = new URLSearchParams(text.replace(/^#/, ''))
  if (!hasVersion(said)) return START
  return {
    at: wholeNumber(said.get('at')),
    selected: wholeNumber(said.get('selected')),
    rule: said.get('rule'),
    row: said.get('row'),
    axis: said.get('axis') === 'events' ? 'events' : 'time',
    view: viewOf(said.get('view')),
    tab: TABS.find((tab) => tab === said.get('tab')) ?? START.tab,
    compare: wholeNumber(said.get('compare')),
    where: said.get('where') ?? '',
    only: said.get('only') === 'row',
    named: said.get('named') ?? '',
  }
}
