import { brokenBy, why, type Interruption } from '@devtrail/time-travel'
import type { Told } from '../print/why.ts'
import { isEcho } from '../print/violation.ts'
import { lookupBefore } from '@devtrail/survey'
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
  // What the event and its causes tell already is told once; so is what a report of the kernel is explained by.
  const known = new Set([seq, ...told.causes.map(({ event }) => event.seq)])
  const broken = (await brokenBy(history, seq, options)).filter((v) => !isEcho(v) && v.evidence.some((proof) => !known.has(proof)))
  const proofs = await history.events(broken.flatMap((violation) => violation.evidence))
  return { ...told, lookup, broken, proofs }
}
