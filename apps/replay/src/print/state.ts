import type { Json } from '@devtrail/events'
import type { History, Moment } from '@devtrail/time-travel'
import { deviceTree } from './device.ts'
import { momentText } from './moment.ts'
import type { Style } from './style.ts'
import { printBranch } from './tree.ts'
import { asView, seqsIn } from '@devtrail/survey'

/** A device, as models describe it. */
export interface Described {
  readonly key: string
  readonly parts: { readonly [part: string]: Json }
}

/** The state of devices, as a person reads it. */
export async function stateText(
  name: string,
  at: Moment,
  described: readonly Described[],
  history: History,
  style: Style,
  digits: 6 | 9,
): Promise<string> {
  const views = described.map(({ key, parts }) => ({ key, view: asView(parts) }))
  const eventsAt = await history.events(views.flatMap(({ view }) => seqsIn(view)))
  const trees = views.map(({ key, view }) => `\n${printBranch(deviceTree({ style, digits, eventsAt }, key, view), style.dim)}`)
  return `${style.dim(`${name}, ${momentText(at, digits)}\n`)}${trees.join('')}`
}
