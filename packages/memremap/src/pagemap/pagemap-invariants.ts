/**
 * What must hold over the life of a pagemap, and which bug each rule would have caught. All but those about references rest on
 * events that only a simulated machine says, so a trace never breaks them.
 */
import { hex, type Invariant, type Violation } from '@devtrail/events'
import type { MemremapState } from '../memremap-state.ts'
import type { Pagemap } from './pagemap.ts'
import { nameOf, rule } from './rule.ts'

/** The seed's note 1, first half. */
export const refLiveOnEntry = rule({
  id: 'memremap/ref-live-on-entry',
  on: ['ref-sampled'],
  says: 'The reference of a pagemap is live when it is entered into the registry.',
  because: 'lookups take it without asking anybody else; the contract of devm_memremap_pages since the seed.',
  find: (_p, event) =>
    event.type === 'memremap/ref-sampled' && event.data.at === 'entry' && (event.data.dead || event.data.exited)
      ? { summary: `was entered into the registry with a ${event.data.exited ? 'torn down' : 'dead'} reference ${event.data.ref}` }
      : null,
})

/** The seed's note 1, second half. */
export const refDeadAtRelease = rule({
  id: 'memremap/ref-dead-at-release',
  on: ['ref-sampled'],
  says: 'The reference of a pagemap is dead before its memory is removed.',
  because: 'while it is live anybody may still get in; unbinding with I/O in flight crashed so until 32b2397c1e56 (5.15).',
  find: (_p, event) =>
    event.type === 'memremap/ref-sampled' && event.data.at === 'release' && !event.data.dead
      ? { summary: `is about to lose its memory and its reference ${event.data.ref} is still live` }
      : null,
})

/** I3, the half about the reference; the half about pages is memremap/referenced-at-removal. */
export const refHeldAtRemoval = rule({
  id: 'memremap/ref-held-at-removal',
  on: ['ref-sampled'],
  says: 'Nobody holds the reference of a pagemap when its memory is removed.',
  because: 'who holds it uses its struct pages: 50f44ee7248a (5.2) moved the wait for zero in front of the removal.',
  find: (_p, event) => {
    if (event.type !== 'memremap/ref-sampled' || event.data.at !== 'release' || !event.data.dead) return null
    const { atomic, count, ref } = event.data
    const held = BigInt.asIntN(64, count)
    if (!atomic || held === 0n) return null
    const many = held < 0n ? 'an unknown number of times' : held === 1n ? 'once' : `${held} times`
    return { summary: `is about to lose its memory and its reference ${ref} is still held ${many}`, data: { held: Number(held) } }
  },
})

/** I2 */
export const stagesOutOfOrder = rule({
  id: 'memremap/stages-out-of-order',
  on: ['memory-added', 'pages-initialised', 'erased'],
  says: 'A pagemap is registered, its memory added, its pages initialised; the memory is removed before it is erased.',
  because: 'removal finds the altmap through the registry: erased first, device pages went to the page allocator (eb7d78c9e7f6, 4.5).',
  find: (p, event) => {
    const { stages } = p
    if (stages === null) return null
    if (event.type === 'memremap/memory-added' && event.data.errno === 0 && stages.added > stages.registered)
      return { summary: 'had memory added before it was registered' }
    if (event.type === 'memremap/pages-initialised' && stages.initialised > stages.added)
      return { summary: 'had pages initialised that were not added' }
    if (event.type === 'memremap/erased' && stages.registered < stages.added)
      return { summary: 'was erased from the registry while its memory is there' }
    return null
  },
})

/** I1 */
export const lookupWrong = rule({
  id: 'memremap/lookup-wrong',
  on: ['looked-up'],
  says: 'A lookup finds a pagemap by the pages of its ranges and by no others.',
  because: 'keys by section gave hits outside the range until ab1b597ee0e4 (4.14), and missed pages before 5f29a77cd957 (4.6).',
  find: (p, event) => {
    if (event.type !== 'memremap/looked-up' || event.data.pfn === null || p.stages === null) return null
    if (covered(p, event.data.pfn)) return null
    return { summary: `was found by page ${hex(event.data.pfn)}, which is not in it`, data: { pfn: hex(event.data.pfn) } }
  },
})

function covered(p: Pagemap, pfn: number): boolean {
  const address = BigInt(pfn) << 12n
  const ranges = [...(p.start === null || p.end === null ? [] : [{ start: p.start, end: p.end }]), ...p.further]
  return ranges.some(({ start, end }) => address >= start && address <= end)
}

/** I1, the other half: no pagemap is named in such a lookup, so it goes through all. */
export const lookupMissed: Invariant<MemremapState> = {
  id: 'memremap/lookup-missed',
  on: ['looked-up'],
  says: 'A lookup of a page of a live pagemap finds one.',
  because: 'a failed mapping around a live one wipes out its entries (5.3 and later), as the rollback of 4.5 to 4.15 did (77dd66a3c67c).',
  judge: (state, event) => {
    if (event.type !== 'memremap/looked-up' || event.data['pagemap'] !== null) return []
    const pfn = event.data['pfn']
    if (typeof pfn !== 'number') return []
    const began = event.cause[0] ?? event.seq
    const found: Violation[] = []
    for (const p of state.pagemaps.values()) {
      if (p.phase !== 'live' || p.stages?.liveSince == null || p.stages.liveSince > began || !covered(p, pfn)) continue
      if (state.refused?.pagemap === p.id && state.refused.began === began) continue
      found.push({
        rule: 'memremap/lookup-missed',
        certainty: p.sure ? 'certain' : 'possible',
        seq: event.seq,
        time: event.time,
        device: p.device,
        summary: `${nameOf(p)} is live and was not found by its page ${hex(pfn)}`,
        evidence: [...new Set([p.stages.liveSince, began, event.seq])].toSorted((a, b) => a - b),
        data: { pagemap: p.pointer, pfn: hex(pfn) },
        about: [{ first: pfn, last: pfn }],
      })
    }
    return found
  },
}

/** I4 */
export const failedMapLeftTraces = rule({
  id: 'memremap/failed-map-left-traces',
  on: ['map-failed', 'managed-map-failed'],
  says: 'A mapping that failed leaves nothing in the registry, no memory type and no memory of its own.',
  because:
    'a04e1928e2ea (5.19) untracks a range that may not be hot-added; a95c90f1e2c2 (5.0) undoes a pagemap whose release could not be noted.',
  find: ({ stages }, event) => {
    if (stages === null || (event.type !== 'memremap/map-failed' && event.type !== 'memremap/managed-map-failed')) return null
    const left = [
      ...(stages.registered > 0 ? ['an entry in the registry'] : []),
      ...(stages.tracked > 0 ? ['a tracked memory type'] : []),
      ...(stages.added > 0 ? ['its memory'] : []),
    ]
    return left.length === 0 ? null : { summary: `could not be mapped and left ${left.join(', ')}`, data: { left } }
  },
})

/** I5 */
export const refUsedAfterExit = rule({
  id: 'memremap/ref-used-after-exit',
  on: ['ref-exited', 'ref-sampled'],
  says: 'The reference of a pagemap is torn down only when no lookup can find it any more.',
  because:
    'a lookup would use freed per-CPU counters: 1e57ffb6e3fd (6.0) moved percpu_ref_exit behind the registry, 52e73eb did for device-dax.',
  find: ({ stages }, event) => {
    if (event.type === 'memremap/ref-exited' && stages !== null && stages.registered > 0)
      return { summary: `lost its reference ${event.data.ref} while lookups can still find it` }
    if (event.type === 'memremap/ref-sampled' && event.data.exited && event.data.at === 'lookup')
      return { summary: `was found by a lookup that would have used its reference ${event.data.ref}, which is torn down` }
    return null
  },
})

/** I6 */
export const freedUnderLookup = rule({
  id: 'memremap/freed-under-lookup',
  on: ['record-freed'],
  says: 'The record of a pagemap is freed only when every lookup that found it is over.',
  because: 'the walk holds nothing but its read section; without a grace period it reads freed memory (ab1b597ee0e4, 4.14).',
  find: (_p, event) =>
    event.type === 'memremap/record-freed' && event.data.readers > 0
      ? { summary: `was freed while ${event.data.readers === 1 ? 'a lookup' : `${event.data.readers} lookups`} that found it went on` }
      : null,
})

/** Bug 18 */
export const refShared = rule({
  id: 'memremap/ref-shared',
  on: ['registered'],
  says: 'A reference keeps one pagemap alive.',
  because: 'killing it for one takes all of them down, and waiting waits for the users of all (1570175abd16, 5.2).',
  find: (p, event, state) => {
    if (event.type !== 'memremap/registered' || p.refSharedWith === null) return null
    const other = state.pagemaps.get(p.refSharedWith)
    return { summary: `was registered with the reference ${event.data.ref} of ${other ? nameOf(other) : 'another pagemap'}` }
  },
})

/** Bugs 20 and 23 */
export const uninitialisedPageRead = rule({
  id: 'memremap/uninitialised-page-read',
  on: ['struct-page-read'],
  says: 'Nobody reads a struct page of the altmap: only those behind it were initialised.',
  because: 'its words are whatever was there: 77e080e7680e (5.4) read a zone, 34dc45be4563 (5.12) took metadata for data.',
  find: (p, event) => {
    if (event.type !== 'memremap/struct-page-read' || !p.altmap) return null
    const { pfn, by } = event.data
    const { basePfn, reserve, free } = p.altmap
    if (pfn < basePfn || pfn >= basePfn + reserve + free) return null
    return { summary: `had page ${hex(pfn)} of its altmap read by ${by}`, data: { pfn: hex(pfn) } }
  },
})

/** Rules about pagemaps, in the order of the specification. */
export const pagemapInvariants: readonly Invariant<MemremapState>[] = [
  refLiveOnEntry,
  refDeadAtRelease,
  lookupWrong,
  lookupMissed,
  stagesOutOfOrder,
  refHeldAtRemoval,
  failedMapLeftTraces,
  refUsedAfterExit,
  freedUnderLookup,
  refShared,
  uninitialisedPageRead,
]
