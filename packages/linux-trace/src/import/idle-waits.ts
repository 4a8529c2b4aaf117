/** Waits for the pages of a DAX file to become idle: fs/dax.c, ext4. */
import { errnoOf, pointer, u64 } from '../values.ts'
import type { ProbeHit } from '../probe-hit.ts'
import type { ImportContext } from './context.ts'
import { ownerOf, pfnOf } from './page-owner.ts'

export function idleWaitStarted(ctx: ImportContext, hit: ProbeHit): void {
  const seq = ctx.say('memremap/idle-wait-started', {
    call: hit.symbol,
    inode: pointer(hit.fields, 'inode'),
    returns: ctx.coverage.shows(hit.symbol, 'return'),
  })
  ctx.enter(hit, seq, null)
}

export function idleWaitEnded(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  ctx.say('memremap/idle-wait-ended', { call: hit.symbol, errno: errnoOf(hit.fields) }, frame === null ? {} : { cause: frame.cause })
}

export function busyLookupStarted(ctx: ImportContext, hit: ProbeHit): void {
  const f = hit.fields
  pfnOf(ctx, f)
  const seq = ctx.say('memremap/busy-lookup-started', {
    mapping: pointer(f, 'mapping') ?? '0x0',
    start: u64(f, 'start'),
    end: u64(f, 'end'),
    vmemmap: pointer(f, 'vmemmap'),
  })
  ctx.enter(hit, seq, null)
}

export function busyLookedUp(ctx: ImportContext, hit: ProbeHit): void {
  const frame = ctx.leaveCall(hit)
  const page = pointer(hit.fields, 'ret')
  const pfn = ctx.memmap.pfnOf(page)
  ctx.say(
    'memremap/busy-looked-up',
    { page, pfn, pagemap: ownerOf(ctx, pfn, null).pagemap?.id ?? null },
    frame === null ? {} : { cause: frame.cause },
  )
}
