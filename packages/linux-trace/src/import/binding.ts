/** Probing, unbinding and managed resources: drivers/base/dd.c and devres.c. */
import { isGroupMarker, type ReleaseReason } from '@devtrail/devres'
import { errnoOf, string } from '../values.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { ProbeHit } from '../probe-hit.ts'
import type { ImportContext } from './context.ts'
import { busOfDriver } from './device-kinds.ts'
import { deviceAtHand, deviceOfNode, deviceToProbe, deviceToRelease, deviceToUnbind } from './devices.ts'
import { endProbeLeftUnseen } from './missed-returns.ts'
import { errorIn, noSigns, outcomeOf, signsOf, type ProbeSigns } from './probe-outcome.ts'
import type { Frame } from './frame.ts'
import { grantedTo, releasedBy } from './tree.ts'

export function probeStarted(ctx: ImportContext, hit: ProbeHit): void {
  endProbeLeftUnseen(ctx)
  const driver = string(hit.fields, 'drv')
  const device = deviceToProbe(ctx, string(hit.fields, 'dev') ?? '?', busOfDriver(driver))
  ctx.enter(hit, ctx.say('devres/probe-started', { device, driver, listed: ctx.devresListed }), device, { signs: noSigns() })
}

export function probeEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const { errno, outcome } = outcomeOf(ctx, hit, frame.data['signs'] as ProbeSigns)
  ctx.say('devres/probe-ended', { device: frame.device!, errno, outcome }, { cause: frame.cause })
}

export function unbindCleanupStarted(ctx: ImportContext, hit: ProbeHit): void {
  const name = string(hit.fields, 'dev') ?? '?'
  const device = deviceToUnbind(ctx, name)
  const outer = ctx.task.frames.findLast((f) => f.symbol === 'really_probe' || f.symbol === 'device_unbind_cleanup')
  const reason = outer?.symbol === 'really_probe' && outer.device === device ? cleanupReason(ctx, outer) : unbindReason(ctx, device)
  ctx.enter(hit, ctx.say('devres/unbind-cleanup-started', { device, reason }), device, { reason })
}

/** Why a device is cleaned up while its probe is thought to be under way: where returns may be missing, the probe may be over. */
function cleanupReason(ctx: ImportContext, probe: Frame): 'probe-failed' | 'unbind' | 'unknown' {
  if (!ctx.coverage.missedReturns.has('really_probe')) return 'probe-failed'
  const { driverErrno } = probe.data['signs'] as ProbeSigns
  if (driverErrno === null) return 'unknown'
  return errorIn(driverErrno) === null ? 'unbind' : 'probe-failed'
}

/** Before cleaning up was a function of its own (5.17), what calls it shows that an unbind is under way. */
export function driverReleaseStarted(ctx: ImportContext, hit: ProbeHit): void {
  endProbeLeftUnseen(ctx)
  const device = deviceToUnbind(ctx, string(hit.fields, 'dev') ?? '?')
  ctx.enter(hit, ctx.say('devres/remove-started', { device, driver: null }), device)
}

export function driverReleaseEnded(ctx: ImportContext, hit: ProbeHit): void {
  ctx.leaveCall(hit)
  ctx.unpaired(hit)
}

/** Why a device is cleaned up when no probe of it is known to be under way: in a gap one may have begun. */
function unbindReason(ctx: ImportContext, device: number): 'unbind' | 'probe-failed' | 'unknown' {
  const state = ctx.devres.devices.get(device)?.driver.state ?? null
  if (state === 'probing') return 'probe-failed'
  if (state !== null || !ctx.gapSeen) return 'unbind'
  return 'unknown'
}

const CALLERS: Readonly<Record<string, ReleaseReason>> = {
  device_unbind_cleanup: 'unbind',
  __device_release_driver: 'unbind',
  really_probe: 'probe-failed',
  device_del: 'device-del',
  device_release: 'device-release',
}

/** Which function called devres_release_all: its return probe says so, further on in the same task. */
function callerAhead(ctx: ImportContext): string | null {
  const { pid } = ctx.entry
  let depth = 1
  for (const e of ctx.window.ahead()) {
    if (e.pid !== pid) continue
    if (e.body.startsWith('(devres_release_all+')) depth++
    if (e.body.includes('<- devres_release_all)') && --depth === 0) return /^\(([^+\s]+)/.exec(e.body)?.[1] ?? null
  }
  return null
}

export function releaseAllStarted(ctx: ImportContext, hit: ProbeHit): void {
  const name = string(hit.fields, 'dev') ?? '?'
  const cleanup = ctx.task.frames.at(-1)
  const cleanupName = cleanup?.symbol === 'device_unbind_cleanup' ? ctx.devres.devices.get(cleanup.device ?? -1)?.name : undefined
  let device: number
  let reason: ReleaseReason
  if (cleanup !== undefined && cleanupName === name) {
    device = cleanup.device!
    reason = cleanup.data['reason'] as ReleaseReason | 'unknown'
  } else {
    reason = CALLERS[callerAhead(ctx) ?? ''] ?? 'unknown'
    device =
      reason === 'unbind' || reason === 'probe-failed'
        ? deviceAtHand(ctx, name)
        : deviceToRelease(ctx, name, reason as 'device-del' | 'device-release' | 'unknown')
    if (reason === 'unbind') reason = unbindReason(ctx, device)
  }
  ctx.enter(hit, ctx.say('devres/release-all-started', { device, listed: ctx.devresListed }), device, { reason })
}

export function releaseAllEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  if (frame === null) return ctx.unpaired(hit)
  const known = frame.data['reason'] as ReleaseReason
  const told = CALLERS[hit.caller ?? ''] ?? 'unknown'
  // Both an unbind and a failed probe clean up through the same function.
  const reason = known === 'unknown' && told !== 'unbind' ? told : known
  if (reason === 'probe-failed' || reason === 'unbind' || reason === 'unknown') {
    const signs = signsOf(ctx, frame.device!)
    if (signs !== undefined) signs.isCleanedUp = true
  }
  ctx.say('devres/release-all-ended', { device: frame.device!, count: errnoOf(hit.fields), reason }, { cause: frame.cause })
  // device_unbind_cleanup has no return probe; it is over with what it called.
  if (ctx.task.frames.at(-1)?.symbol === 'device_unbind_cleanup') ctx.task.frames.pop()
}

/** A node leaves that was never seen to be added: it was there before the recording, or was added in a gap. */
function nodeFromBefore(ctx: ImportContext, device: number, data: { node: string; release: string | null; size: number }): void {
  const nodes = ctx.devres.devices.get(device)?.nodes
  if (nodes === undefined || ctx.isDoubtful(device) || isGroupMarker(data.release, data.size)) return
  if (nodes.known.some((n) => n.node === data.node) || nodes.possible.some((n) => n.node === data.node)) return
  const managed = ctx.ids.next('managed')
  ctx.say('devres/node-found', { managed, device, ...data, fromStart: !ctx.gapSeen && !nodes.complete }, { inferred: true })
}

const ADDRESS = /^0x[0-9a-f]{5,16}$/
const DEVRES_LOG = /^(.+?) +(ADD|REM|REL|REPLACE) +(?:0x)?([0-9a-f]{1,16}) (\S+) \((\d+) bytes\)\s*$/

/** A line of the devres_log trace event. Returns false when it is not of that form. */
export function devresLogged(ctx: ImportContext, entry: TraceEntry): boolean {
  const m = DEVRES_LOG.exec(entry.body)
  if (m === null) return false
  const [, name, op, hex, release, bytes] = m as unknown as [string, string, 'ADD' | 'REM' | 'REL' | 'REPLACE', string, string, string]
  // A binary trace may hold the name as an address only: what it must be may still show by how it is used.
  const named = ADDRESS.test(release) ? null : release
  const data = { node: `0x${hex}`, release: named, size: Number(bytes) }
  const role = entry.role ?? named
  ctx.task.acting = null
  ctx.task.releasing = null
  switch (op) {
    case 'ADD': {
      const device = deviceAtHand(ctx, name)
      ctx.say('devres/added', { device, ...data })
      if (role === 'devm_region_release') grantedTo(ctx, device)
      return true
    }
    case 'REM': {
      const device = deviceOfNode(ctx, name, data.node)
      nodeFromBefore(ctx, device, data)
      ctx.say('devres/removed', { device, ...data })
      if (role === 'devm_region_release') releasedBy(ctx, device)
      return true
    }
    case 'REPLACE':
      ctx.say('devres/replaced', { device: deviceOfNode(ctx, name, data.node), ...data, successor: null, successorSize: null })
      return true
    default: {
      const pass = ctx.task.frames.findLast(
        (f) => f.symbol === 'devres_release_all' && ctx.devres.devices.get(f.device ?? -1)?.name === name,
      )
      const device = pass?.device ?? deviceOfNode(ctx, name, data.node)
      nodeFromBefore(ctx, device, data)
      ctx.say('devres/released', { device, ...data })
      if (ctx.isDoubtful(device)) {
        ctx.doubted.add(device)
        return true
      }
      if (role === 'devm_region_release') ctx.task.releasing = device
      if (role === 'devm_action_release' || role === 'devm_memremap_pages_release') ctx.task.acting = device
      return true
    }
  }
}
