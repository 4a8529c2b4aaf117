/** Returns that no entry shows, since the probe of the return missed them. */
import type { ImportContext } from './context.ts'
import { errorIn, failedWith, UNKNOWN, type ProbeSigns } from './probe-outcome.ts'

/** Functions that events tell as calls of another name. */
const CALLS: Readonly<Record<string, string>> = {
  try_grab_page: 'try_grab',
  try_grab_folio: 'try_grab',
  try_grab_folio_fast: 'try_grab',
  try_grab_compound_head: 'try_grab',
  ext4_break_layouts: 'break_layouts',
  dax_break_layout: 'break_layouts',
  dax_break_layout_final: 'break_layouts',
}

/** Says of which calls the returns may be missing, before any is entered. */
export function sayMissedReturns(ctx: ImportContext): void {
  const calls = new Map<string, number>()
  for (const [symbol, hits] of ctx.coverage.missedReturns) {
    const call = CALLS[symbol] ?? symbol
    calls.set(call, (calls.get(call) ?? 0) + hits)
  }
  for (const [call, hits] of calls) ctx.say('log/returns-missed', { call, hits }, { cause: [] })
}

/**
 * The task at hand turns to another device: a probe it cleaned up after is over, whether its return was seen or not. Nothing
 * but that return comes between the two.
 */
export function endProbeLeftUnseen(ctx: ImportContext): void {
  const { frames } = ctx.task
  for (let frame = frames.at(-1); frame?.symbol === 'really_probe'; frame = frames.at(-1)) {
    const { isCleanedUp, driverErrno } = frame.data['signs'] as ProbeSigns
    if (!isCleanedUp) return
    frames.pop()
    // What cleaned up may as well have been an unbind, after a probe that went well.
    const error = errorIn(driverErrno)
    const told = { device: frame.device!, ...(error === null ? UNKNOWN : failedWith(error)) }
    ctx.say('devres/probe-ended', told, { cause: frame.cause, inferred: true })
  }
}
