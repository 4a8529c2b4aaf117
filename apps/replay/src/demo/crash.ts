/** What is to be told of a crash, taken from its log by the same functions that the commands use. */
import type { AnyEvent, Violation } from '@devtrail/events'
import { check, describeDevice } from '@devtrail/time-travel'
import type { OpenLog } from '../logs/open.ts'
import { asView, eventsAt, refsOf, surveyOf, type DeviceView, type Names, type Ref } from '@devtrail/survey'
import { linkedOf } from '../print/violation.ts'

export type PageRef = Extract<Ref, { of: 'page' }>

export interface Crash {
  readonly log: OpenLog
  readonly names: Names
  readonly rules: number
  readonly violation: Violation
  /** The device as the memory goes. */
  readonly device: { readonly key: string; readonly view: DeviceView }
  /** References still out when the memory goes. */
  readonly refs: readonly PageRef[]
  /** The first and the last event that took them. */
  readonly taken: readonly [AnyEvent, AnyEvent]
  /** What led to the removal, oldest first, the removal itself last. */
  readonly chain: readonly AnyEvent[]
  /** The kernel's own reports about these pages. */
  readonly reports: readonly AnyEvent[]
  /** The uses of the pages after their memory was gone. */
  readonly uses: readonly AnyEvent[]
}

/** The last mark that user space wrote before an event: what somebody was about to do. */
async function markBefore(log: OpenLog, seq: number): Promise<AnyEvent | null> {
  let mark: AnyEvent | null = null
  for await (const event of log.source.read()) {
    if (event.seq >= seq) break
    if (event.type === 'kernel/marked') mark = event
  }
  return mark
}

/** An event's causes, their causes, and so on, oldest first. */
async function causesOf(log: OpenLog, event: AnyEvent): Promise<AnyEvent[]> {
  const found = new Map<number, AnyEvent>()
  for (let wanted = [...event.cause]; wanted.length > 0;) {
    const level = await eventsAt(log.source, wanted)
    for (const [seq, e] of level) found.set(seq, e)
    wanted = [...level.values()].flatMap((e) => [...e.cause]).filter((seq) => !found.has(seq))
  }
  return [...found.values()].toSorted((a, b) => a.seq - b.seq)
}

/** What happened to the pagemap between the start of its removal and the loss of its memory, and uses of its pages afterwards. */
async function around(log: OpenLog, removal: AnyEvent, v: Violation): Promise<{ before: AnyEvent[]; after: AnyEvent[] }> {
  const before: AnyEvent[] = []
  const after: AnyEvent[] = []
  const pages = v.about ?? []
  for await (const event of log.source.read()) {
    const { pagemap, pfn } = event.data
    if (event.type === 'memremap/ref-released' && pagemap === removal.data['pagemap'] && event.seq < removal.seq) before.push(event)
    const about = typeof pfn === 'number' && pages.some((r) => pfn >= r.first && pfn <= r.last)
    if (event.seq > removal.seq && about && (event.type === 'memremap/sampled' || event.type === 'memremap/put')) after.push(event)
  }
  return { before, after }
}

/** The story of the one certain `memremap/referenced-at-removal` of a log. @throws Error when there is none. */
export async function crashOf(log: OpenLog): Promise<Crash> {
  const { rules, violations } = await check(log.history)
  const violation = violations.find((v) => v.rule === 'memremap/referenced-at-removal' && v.certainty === 'certain')
  if (violation === undefined || violation.device === null)
    throw new Error(`${log.given}: expected memory removed under references, found none`)
  const { names } = await surveyOf(log.history)
  const { machine } = await log.history.at({ kind: 'seq', seq: violation.seq })
  const refs = refsOf(machine, new Set([violation.device])).filter((r): r is PageRef => r.of === 'page' && r.certain)
  const since = refs.flatMap((r) => (r.ref.since === null ? [] : [r.ref.since.first, r.ref.since.last]))
  const linked = linkedOf(violation).map((l) => l.seq)
  const events = await eventsAt(log.source, [violation.seq, ...since, ...linked])
  const removal = events.get(violation.seq)!
  const { before, after } = await around(log, removal, violation)
  const causes = await causesOf(log, removal)
  const mark = await markBefore(log, causes[0]?.seq ?? removal.seq)
  return {
    log,
    names,
    rules: rules.length,
    violation,
    device: { key: names.device(violation.device), view: asView(describeDevice(machine, violation.device)) },
    refs,
    taken: [events.get(Math.min(...since))!, events.get(Math.max(...since))!],
    chain: [...(mark === null ? [] : [mark]), ...causes, ...before, removal].toSorted((a, b) => a.seq - b.seq),
    reports: linked.map((seq) => events.get(seq)!),
    uses: after,
  }
}
