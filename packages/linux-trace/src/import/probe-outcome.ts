/**
 * What the value means that really_probe returns. Up to Linux 5.13 it is 1 for bound and 0 for any error of the driver's, which
 * is swallowed; since 5.14 it is 0 for bound and such an error as a positive number. What the driver core itself refuses, before
 * a driver is asked, is a negative errno in both.
 */
import type { ProbeOutcome } from '@devtrail/devres'
import type { ProbeHit } from '../probe-hit.ts'
import { errnoOf } from '../values.ts'
import type { ImportContext } from './context.ts'

const EPROBE_DEFER = -517
const ENODEV = -19
const ENXIO = -6

/** The driver's error is returned since this version. */
const ERROR_RETURNED_SINCE = 5014

/** What the calls within a probe showed of how it goes; a field of the probe's frame. */
export interface ProbeSigns {
  /** What was added was released again: the probe failed. */
  isCleanedUp: boolean
  /** What the driver's own probe function returned; null when that was not recorded. */
  driverErrno: number | null
}

export const noSigns = (): ProbeSigns => ({ isCleanedUp: false, driverErrno: null })

/** The signs of the probe of a device that the task at hand is in. */
export function signsOf(ctx: ImportContext, device: number): ProbeSigns | undefined {
  const frame = ctx.task.frames.findLast((f) => f.symbol === 'really_probe' && f.device === device)
  return frame?.data['signs'] as ProbeSigns | undefined
}

export interface Outcome {
  readonly errno: number | null
  readonly outcome: ProbeOutcome
}

const BOUND: Outcome = { errno: 0, outcome: 'bound' }
export const UNKNOWN: Outcome = { errno: null, outcome: 'unknown' }

/** What became of a probe that is known to have failed. */
export function failedWith(errno: number | null): Outcome {
  if (errno === null) return { errno, outcome: 'not-bound' }
  return { errno, outcome: errno === EPROBE_DEFER ? 'deferred' : errno === ENODEV || errno === ENXIO ? 'rejected' : 'failed' }
}

/** Whether a driver's error is returned: functions that are only in kernels that do tell better than a version; null when nothing tells. */
function returnsError(ctx: ImportContext, hit: ProbeHit): boolean | null {
  if (hit.caller === '__driver_probe_device' || ctx.coverage.shows('device_unbind_cleanup', 'enter')) return true
  return ctx.version === null ? null : ctx.version >= ERROR_RETURNED_SINCE
}

/** The error in what a driver's probe function returned. */
export const errorIn = (errno: number | null): number | null => (errno === null || errno >= 0 ? null : errno)

/** What became of a probe, by what it returned and, where that can be read in two ways, by what was seen within it. */
export function outcomeOf(ctx: ImportContext, hit: ProbeHit, { isCleanedUp, driverErrno }: ProbeSigns): Outcome {
  const returned = errnoOf(hit.fields)
  if (returned < 0) return failedWith(returned)
  const inDriver = errorIn(driverErrno)
  const isError = returnsError(ctx, hit)
  if (isError === true) return returned === 0 ? BOUND : failedWith(-returned)
  if (isError === false) return returned > 0 ? BOUND : failedWith(inDriver)
  // No kernel returns more than 1 but as an error.
  if (returned > 1) return failedWith(-returned)
  if (isCleanedUp || inDriver !== null) return failedWith(returned === 1 ? -1 : inDriver)
  return UNKNOWN
}
