/** The hosts of a log of several, and how sure their times are. */
import { seconds, type Json } from '@devtrail/events'
import type { HostClocks } from '@devtrail/time-travel'
import { durationText } from '../merge/durations.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'

interface Told {
  readonly name: string
  readonly basis: string
  readonly first: number
  readonly last: number
  /** Null: nothing is known of it at some time. */
  readonly uncertainty: { readonly least: number; readonly most: number } | null
}

function toldOf(clocks: HostClocks): Told[] {
  return clocks.hosts.map(({ id, name }) => {
    const settings = clocks.of(id)
    const all = settings.map(({ uncertainty }) => uncertainty ?? Infinity)
    const [least, most] = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), 0)]
    const [first, last] = [settings[0], settings.at(-1)]
    return {
      name,
      basis: first?.basis ?? 'none',
      first: first?.offset ?? 0,
      last: last?.offset ?? 0,
      uncertainty: most === Infinity || settings.length === 0 ? null : { least, most },
    }
  })
}

const signed = (ns: number): string => `${ns < 0 ? '' : '+'}${seconds(ns, 6)} s`

/** `+3.218004 s`, or from where to where it drifted. */
export const offsetText = (first: number, last: number): string => (first === last ? signed(first) : `${signed(first)} to ${signed(last)}`)

export const uncertaintyText = (range: { readonly least: number; readonly most: number } | null): string => {
  if (range === null) return '?'
  const [least, most] = [durationText(range.least), durationText(range.most)]
  return least === most ? `±${most}` : `±${least} to ±${most}`
}

const WORDS: Readonly<Record<string, string>> = { given: 'given', pairs: 'by pairs', none: 'unknown' }

export function hostsText(clocks: HostClocks, style: Style): string {
  return table(
    [{ title: 'host' }, { title: 'clock' }, { title: 'offset' }, { title: 'uncertainty' }],
    toldOf(clocks).map(({ name, basis, first, last, uncertainty }) =>
      basis === 'reference'
        ? [name, 'reference']
        : [name, WORDS[basis] ?? basis, basis === 'none' ? '?' : offsetText(first, last), uncertaintyText(uncertainty)],
    ),
    style.dim,
  )
}

export function hostsJson(clocks: HostClocks, digits: 6 | 9): Json {
  return toldOf(clocks).map(({ name, basis, first, last, uncertainty }) => ({
    name,
    basis,
    offset: basis === 'none' ? null : { first: seconds(first, digits), last: seconds(last, digits) },
    uncertainty: uncertainty && { atLeast: seconds(uncertainty.least, digits), atMost: seconds(uncertainty.most, digits) },
  }))
}
