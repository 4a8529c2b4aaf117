/** get_dev_pagemap and put_dev_pagemap (include/linux/memremap.h of the seed, mm/memremap.c of Linux 6.1). */
import type { Pfn } from '@devtrail/events'
import type { MemremapMachine } from '../machine.ts'
import type { Steps } from '../tasks.ts'
import type { DevPagemap } from './dev-pagemap.ts'
import { sampleRef } from './ref.ts'

/** The answer of the cached pagemap; undefined when it has none. */
function cachedAnswer(m: MemremapMachine, pfn: Pfn, cached: DevPagemap | null): DevPagemap | undefined {
  if (cached === null) return undefined
  if (cached.coversCached(pfn)) {
    // Blindly: whoever still has it cached holds a reference already.
    if (m.rules.cachedLookupGets) cached.ref.get()
    return cached
  }
  if (m.rules.otherCachedPut) cached.ref.put()
  return undefined
}

/** A reference on what the registry had, if that is live. */
function take(m: MemremapMachine, found: DevPagemap | null, cause: number): DevPagemap | null {
  if (found === null) return null
  if (found.ref.isExited) sampleRef(m, found, 'lookup', cause)
  else if (m.rules.typed ? found.ref.tryGetLiveRcu() : found.ref.tryGetLive()) return found
  m.say('memremap/lookup-refused', { pagemap: found.id, ref: found.ref.id }, found.device, cause)
  return null
}

function began(m: MemremapMachine, pfn: Pfn, cached: DevPagemap | null): number {
  return m.say('memremap/lookup-started', { pfn, cached: cached?.pointer ?? null }, cached?.device ?? null)
}

function ended(m: MemremapMachine, pfn: Pfn, p: DevPagemap | null, fresh: boolean, cause: number): DevPagemap | null {
  m.say('memremap/looked-up', { pfn, pagemap: p?.id ?? null, pointer: p?.pointer ?? null, fresh }, p?.device ?? null, cause)
  return p
}

/** `get_dev_pagemap`: the cached pagemap if it covers the page, else the live one that the registry has, referenced; or null. @throws RangeError for what is no pfn. */
export function getDevPagemap(m: MemremapMachine, pfn: Pfn, cached: DevPagemap | null): DevPagemap | null {
  if (!(pfn >= 0 && Number.isSafeInteger(pfn))) throw new RangeError(`${pfn} is no page frame number (after event ${m.events.seq})`)
  if (!m.events.on) {
    const answer = cachedAnswer(m, pfn, cached)
    if (answer !== undefined) return answer
    // Nobody can come between, so that no read section is needed.
    const found = m.index.find(pfn)
    return found !== null && !found.ref.isExited && found.ref.tryGetLive() ? found : null
  }
  const steps = lookupSteps(m, pfn, cached)
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** The same, with a pause between finding the pagemap and taking a reference on it. */
export function* lookupSteps(m: MemremapMachine, pfn: Pfn, cached: DevPagemap | null): Steps<DevPagemap | null> {
  const seq = began(m, pfn, cached)
  const answer = m.events.because(seq, () => cachedAnswer(m, pfn, cached))
  if (answer !== undefined) return ended(m, pfn, answer, false, seq)
  const unlock = m.rcu.readLock()
  const found = m.index.find(pfn)
  if (found !== null) found.readers++
  try {
    yield { what: 'tryget_live' }
    const p = m.events.because(seq, () => take(m, found, seq))
    return ended(m, pfn, p, p !== null, seq)
  } finally {
    if (found !== null) found.readers--
    unlock()
  }
}

/** `__get_dev_pagemap`: what the registry has, live or not, without a reference. Warns outside of a read section. */
export function findDevPagemap(m: MemremapMachine, pfn: Pfn): DevPagemap | null {
  if (!m.rcu.readLockHeld) m.warn(null, '__get_dev_pagemap', 'not in a read section', true)
  return m.index.find(pfn)
}
