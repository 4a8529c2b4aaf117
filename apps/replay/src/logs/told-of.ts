import { brokenBy, why, type Interruption } from '@devtrail/time-travel'
import type { Told } from '../print/why.ts'
import { lookupBefore } from './lookup-before.ts'
import type { OpenLog } from './open.ts'

/** All that a log tells of how an event came about; null when there is no such event. */
export async function toldOf(
  { history }: Pick<OpenLog, 'history'>,
  seq: number,
  options: { readonly signal?: Interruption; readonly onProgress?: (seq: number) => void } = {},
): Promise<Told | null> {
  const told = await why(history, seq)
  if (told === null) return null
  const lookup = await lookupBefore(history, [told.event, ...told.causes.map((cause) => cause.event)])
  const broken = await brokenBy(history, seq, options)
  const proofs = await history.events(broken.flatMap((violation) => violation.evidence))
  return { ...told, lookup, broken, proofs }
}
