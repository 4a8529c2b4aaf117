import type { Pfn } from '@devtrail/events'
import type { MemremapEvent } from '../events.ts'
import type { MemremapState } from '../memremap-state.ts'

/** A log written by hand may leave it out: then nothing is missing. */
const isTold = (told: boolean | undefined): boolean => told !== false

export function evolveWaits(state: MemremapState, event: MemremapEvent): void {
  const pid = event.actor?.pid
  if (pid === undefined) return
  switch (event.type) {
    case 'memremap/idle-wait-started':
      state.waits.set(pid, {
        pid,
        comm: event.actor!.comm,
        call: event.data.call,
        since: { seq: event.seq, time: event.time },
        page: null,
        idle: null,
        sure: isTold(event.data.returns),
      })
      return
    case 'memremap/busy-looked-up': {
      const wait = state.waits.get(pid)
      if (wait === undefined) return
      wait.page = event.data.pfn === null ? null : { pfn: event.data.pfn, seq: event.seq }
      wait.idle = null
      return
    }
    case 'memremap/idle-wait-ended':
      state.waits.delete(pid)
      return
    default:
      return
  }
}

/** A page became idle (or, with null, is referenced again): those who wait for it are owed a wake-up. */
export function idleSeen(state: MemremapState, pfn: Pfn, at: MemremapEvent | null): void {
  if (state.waits.size === 0) return
  for (const wait of state.waits.values()) {
    if (wait.page?.pfn === pfn)
      wait.idle = at === null ? null : { seq: at.seq, time: at.time, woken: at.type === 'memremap/put' && at.data.how === 'put_page' }
  }
}
