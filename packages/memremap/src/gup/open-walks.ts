/**
 * Walks of get_user_pages under way, as far as events tell, and what that says of who holds a page: a walk has a page for good
 * once it has said what it found at the entry; until then it may find the entry changed, and give the page back.
 */
import type { MemremapEvent } from '../events.ts'
import type { MemremapState } from '../memremap-state.ts'
import type { Holder } from '../page/pages.ts'

/** `for-good`; `on-trial`: its walk may yet give it back; `unknown`: the begin of such a walk may have been lost. */
export type Hold = 'for-good' | 'on-trial' | 'unknown'

export function holdOf(state: MemremapState, { pid, seq, within }: Holder): Hold {
  if (within !== undefined || pid === null) return 'for-good'
  const settled = state.walks.get(pid)
  if (settled === undefined) return state.walksDoubted ? 'unknown' : 'for-good'
  return settled === null || settled > seq ? 'for-good' : 'on-trial'
}

/** After a gap: walks may have begun and ended. */
export function forgetWalks(state: MemremapState): void {
  state.walks.clear()
  state.walksDoubted = true
}

export function evolveWalks(state: MemremapState, { type, actor, seq }: MemremapEvent): void {
  if (actor === null) return
  if (type === 'memremap/gup-started' || type === 'memremap/entry-walked') state.walks.set(actor.pid, seq)
  else if (type !== 'memremap/gup-ended') return
  // While any other task may walk, it is worth remembering that this one does not.
  else if (state.walksDoubted) state.walks.set(actor.pid, null)
  else state.walks.delete(actor.pid)
}
