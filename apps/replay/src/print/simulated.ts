import { errnoName } from '@devtrail/events'
import type { Scenario } from '@devtrail/simulation'
import type { Style } from './style.ts'
import { facts, table } from './table.ts'
import { visible, wrap } from './text.ts'
import { number } from '@devtrail/survey'

/** What came of a simulation. */
export interface SimulatedSummary {
  readonly scenario: string
  readonly rules: string
  readonly seed: number | null
  readonly events: number
  readonly devices: readonly string[]
  readonly hung: readonly { readonly pid: number; readonly comm: string; readonly what: string }[]
  readonly crashed: string | null
  readonly refused: readonly { readonly pid: number; readonly comm: string; readonly step: string; readonly errno: number }[]
  readonly fork: { readonly of: string; readonly at: number; readonly shared: number | null; readonly scenario: string | null } | null
}

/** Columns of the list, on a wider terminal as well: it is prose. */
const LIST_COLUMNS_MAX = 80

export function scenariosText(scenarios: readonly Scenario[], style: Style): string {
  const all = scenarios.map(({ name, rules = 'linux-6.1', says }) => ({ name, rules, says }))
  const [name, rules] = (['name', 'rules'] as const).map((column) => Math.max(...all.map((one) => one[column].length)))
  const room = Math.max(20, Math.min(style.width, LIST_COLUMNS_MAX) - name! - rules! - 4)
  return table(
    [{ title: 'scenario' }, { title: 'rules' }, { title: 'what happens' }],
    all.flatMap((one) => wrap(one.says, room).map((line, i) => (i === 0 ? [one.name, one.rules, line] : ['', '', line]))),
    style.dim,
  )
}

/** How a simulated log was made, in a line. */
export const madeText = (scenario: string, rules: string, seed: number | null): string =>
  `${visible(scenario)}, rules ${rules}, ${seed === null ? 'in order' : `seed ${seed}`}`

export function simulatedText(
  log: string,
  { scenario, rules, seed, events, devices, hung, crashed, refused, fork }: SimulatedSummary,
  style: Style,
): string {
  const lines: (readonly [string, string])[] = [
    ['scenario', style.bold(madeText(scenario, rules, seed))],
    ...(fork === null
      ? []
      : [
          [
            'fork',
            `of ${visible(fork.of)}${fork.shared === null ? '' : `, the same up to event ${fork.shared}`}${fork.scenario === null ? '' : `, then ${visible(fork.scenario)}`}`,
          ] as const,
        ]),
    ['events', number(events)],
    ['devices', devices.map(visible).join(', ') || 'none'],
    ...hung.map(({ comm, pid, what }) => ['hangs', style.bad(`${visible(comm)}[${pid}] waits for ${what}`)] as const),
    ...refused.map((r) => ['refused', style.warn(`${visible(r.step)} of ${visible(r.comm)}[${r.pid}]: ${errnoName(r.errno)}`)] as const),
    ...(crashed === null ? [] : [['crashed', style.bad(visible(crashed))] as const]),
    ['log', log],
  ]
  return facts(
    lines.map(([name, text]) => [name, wrap(text, style.width - 14).join('\n')] as const),
    style.dim,
  )
}
