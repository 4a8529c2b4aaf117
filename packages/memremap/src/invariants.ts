import { hex, seconds, type AnyEvent, type Invariant, type Json, type Pfn, type PfnRange, type Violation } from '@devtrail/events'
import { altmapInvariants } from './altmap/altmap-invariants.ts'
import { hotplugInvariants } from './hotplug/hotplug-invariants.ts'
import { mappingLeft } from './mapping/mapping-invariants.ts'
import { pagemapInvariants } from './pagemap/pagemap-invariants.ts'
import { gupInvariants } from './gup/gup-invariants.ts'
import { pageInvariants } from './page/page-invariants.ts'
import type { Holder } from './page/pages.ts'
import type { MemremapState } from './memremap-state.ts'
import type { Pagemap } from './pagemap/pagemap.ts'

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

/** Neighbouring pfns as runs, first and last inclusive. */
function runsOf(pfns: readonly Pfn[]): PfnRange[] {
  const runs: { first: Pfn; last: Pfn }[] = []
  for (const pfn of pfns) {
    const run = runs.at(-1)
    if (run !== undefined && run.last + 1 === pfn) run.last = pfn
    else runs.push({ first: pfn, last: pfn })
  }
  return runs
}

/** How many runs of pages a summary names. */
const RUNS_NAMED_MAX = 4

function runsInWords(runs: readonly PfnRange[]): string {
  const named = runs.slice(0, RUNS_NAMED_MAX).map((r) => (r.first === r.last ? hex(r.first) : `${hex(r.first)}..${hex(r.last)}`))
  return [...named, ...(runs.length > RUNS_NAMED_MAX ? [`${runs.length - RUNS_NAMED_MAX} more runs`] : [])].join(', ')
}

function takers(holders: readonly Holder[]): Holder[] {
  const byPid = new Map<string, Holder>()
  for (const h of holders) byPid.set(`${h.pid} ${h.comm}`, byPid.get(`${h.pid} ${h.comm}`) ?? h)
  return [...byPid.values()]
}

const holdersOf = (p: Pagemap, pfns: readonly Pfn[]): Holder[] => pfns.flatMap((pfn) => p.pages.get(pfn)?.holders ?? [])

function removalViolation(
  p: Pagemap,
  event: AnyEvent,
  certain: readonly Pfn[],
  possible: readonly Pfn[],
  proof: number[],
  provenHolders?: readonly Holder[],
): Violation {
  const pfns = (certain.length > 0 ? certain : possible).toSorted((a, b) => a - b)
  const holders = provenHolders ?? holdersOf(p, pfns)
  const who = takers(holders)
  const seqs = holders.map((h) => h.seq)
  const first = pfns[0]!
  const last = pfns.at(-1)!
  const runs = runsOf(pfns)
  const by = who.map((h) => `${h.comm ?? 'an unknown task'} (pid ${h.pid ?? '?'})`).join(', ')
  const how = certain.length > 0 ? (certain.length === 1 ? 'was' : 'were') : 'may have been'
  return {
    rule: 'memremap/referenced-at-removal',
    certainty: certain.length > 0 ? 'certain' : 'possible',
    seq: event.seq,
    time: event.time,
    device: p.device ?? event.device,
    summary: `memory was removed while ${plural(pfns.length, 'page')} of it (pfn ${runsInWords(runs)}) ${how} still referenced${by ? `, by ${by}` : ''}`,
    evidence: [...new Set([...seqs, ...(p.removal ? [p.removal.seq] : []), ...proof])].toSorted((a, b) => a - b),
    data: {
      pages: { certain: certain.length, possible: possible.length },
      firstPfn: hex(first),
      lastPfn: hex(last),
      takenBy: who.map((h): Json => ({ pid: h.pid, comm: h.comm })),
      since: seqs.length === 0 ? null : { first: Math.min(...seqs), last: Math.max(...seqs) },
      pagemap: p.pointer,
    },
    about: runs,
  }
}

/** Pages of removed memory must not be referenced. */
export const referencedAtRemoval: Invariant<MemremapState> = {
  id: 'memremap/referenced-at-removal',
  on: ['memory-removed', 'put', 'sampled'],
  says: 'No page is referenced when its memory is removed.',
  because:
    'whoever holds the reference will read or put a struct page that is gone; FS_DAX references did not hold the pagemap between 5.18 and 6.14 (fixed by 38607c62b34b).',
  judge: (state, event) => {
    if (event.type !== 'memremap/memory-removed' && state.proven === null) return []
    const found: Violation[] = []
    for (const p of state.pagemaps.values()) {
      const r = p.removal
      if (r === null) continue
      if (r.seq === event.seq && r.certain.length + r.possible.length > 0) {
        found.push(removalViolation(p, event, r.certain, r.possible, []))
      } else if (r.proof?.seq === event.seq && !r.certain.includes(r.proof.pfn)) {
        // What only came out afterwards; judged once for each page that the removal itself could not prove.
        found.push(removalViolation(p, event, [r.proof.pfn], [], [event.seq], r.proof.holders))
      }
    }
    return found
  },
}

/** How long a task that was woken may take until it runs before it counts as never woken. */
const WAKE_NS_MAX = 1_000_000_000

/** Who waits for a page to become idle is woken when it does. */
export const idleWaiterNotWoken: Invariant<MemremapState> = {
  id: 'memremap/idle-waiter-not-woken',
  on: [],
  says: 'A task that waits for a page to become idle returns once it is.',
  because: 'the end of a bio can drop the last extra reference without the wake-up that put_page gives; the waiter then sleeps for ever.',
  judge: (state, event) => {
    if (event.type !== 'log/ended' || state.ended === null) return []
    const found: Violation[] = []
    for (const w of state.waits.values()) {
      if (w.page === null || w.idle === null) continue
      // A task that was woken needs a moment to run.
      const underWay = w.idle.woken && event.time - w.idle.time < WAKE_NS_MAX
      const certain = w.sure && state.ended.complete && !underWay
      found.push({
        rule: 'memremap/idle-waiter-not-woken',
        certainty: certain ? 'certain' : 'possible',
        seq: w.idle.seq,
        time: w.idle.time,
        device: null,
        summary: `${w.comm} (pid ${w.pid}) waits in ${w.call} since ${seconds(w.since.time)} for page ${hex(w.page.pfn)} to become idle; it is idle since ${seconds(w.idle.time)} and nobody woke the waiter`,
        evidence: [w.since.seq, w.page.seq, w.idle.seq],
        data: {
          pfn: hex(w.page.pfn),
          waiter: { pid: w.pid, comm: w.comm },
          call: w.call,
          waitingSince: seconds(w.since.time),
          idleSince: seconds(w.idle.time),
        },
        about: [{ first: w.page.pfn, last: w.page.pfn }],
      })
    }
    return found
  },
}

/** All rules of the package. */
export const memremapInvariants: readonly Invariant<MemremapState>[] = [
  referencedAtRemoval,
  idleWaiterNotWoken,
  ...pagemapInvariants,
  ...altmapInvariants,
  ...hotplugInvariants,
  mappingLeft,
  ...pageInvariants,
  ...gupInvariants,
]
