import {
  attribute,
  differences,
  listsOf,
  overallOf,
  viewOf,
  type Change,
  type History,
  type Interruption,
  type Machine,
  type Snapshot,
} from '@devtrail/time-travel'
import { models } from './models.ts'

/** Events looked through for those behind the changes; what is older has no number. */
export const EVENTS_LOOKED_THROUGH = 1 << 20

const lists = listsOf(models)

/** An element that does not say that it is not sure is. */
const sureUnlessSaid = (change: Change): Change =>
  change.path.endsWith('.sure') ? { ...change, from: change.from ?? true, to: change.to ?? true } : change

/** What is different of devices (null: of the machine as a whole) at two moments, and the event behind each change. */
export async function compare(
  history: History,
  a: Snapshot,
  b: Snapshot,
  ids: readonly (number | null)[],
  signal?: Interruption,
): Promise<{ changes: Change[]; seqs: Map<Change, number> }> {
  const changes = ids.flatMap((device) => {
    const view = (m: Machine): { readonly [part: string]: unknown } => (device === null ? overallOf(m) : viewOf(m, device))
    return differences(device, view(a.machine), view(b.machine), lists).map(sureUnlessSaid)
  })
  return { changes, seqs: await attribute(history, changes, Math.max(a.at.seq, b.at.seq), { events: EVENTS_LOOKED_THROUGH, signal }) }
}
