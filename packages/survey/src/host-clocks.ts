/** The hosts of a log of several, and how sure their times are, in words. */
import { seconds } from '@devtrail/events'
import type { HostClocks } from '@devtrail/time-travel'
import { durationText } from './units.ts'

export interface HostClockTold {
  readonly name: string
  readonly basis: string
  /** Nanoseconds by which the clock is set forward, at first and at last. */
  readonly first: number
  readonly last: number
  /** Nanoseconds; null: nothing is known of it at some time. */
  readonly uncertainty: { readonly least: number; readonly most: number } | null
}

export function hostClocksTold(clocks: HostClocks): HostClockTold[] {
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

export const uncertaintyText = (range: HostClockTold['uncertainty']): string => {
  if (range === null) return '?'
  const [least, most] = [durationText(range.least), durationText(range.most)]
  return least === most ? `±${most}` : `±${least} to ±${most}`
}

const WORDS: Readonly<Record<string, string>> = { given: 'given', pairs: 'by pairs', none: 'unknown' }

/** What the clock rests on, how it is set, and how sure that is; of the reference the first alone. */
export function clockInWords({ basis, first, last, uncertainty }: HostClockTold): readonly string[] {
  if (basis === 'reference') return ['reference']
  return [WORDS[basis] ?? basis, basis === 'none' ? '?' : offsetText(first, last), uncertaintyText(uncertainty)]
}
