/** The harmless twin of a crash: the same pages, given back in time. */
import { seconds, type AnyEvent, type PfnRange } from '@devtrail/events'
import { check } from '@devtrail/time-travel'
import type { OpenLog } from '../logs/open.ts'
import { plural } from '@devtrail/survey'

/** Takings and puts of pages of a pagemap in between, and the removal of its memory that came after the last put. */
async function courseOf(log: OpenLog): Promise<{ taken: AnyEvent[]; put: AnyEvent[]; removed: AnyEvent | null }> {
  const taken: AnyEvent[] = []
  let put: AnyEvent[] = []
  let removed: AnyEvent | null = null
  for await (const event of log.source.read()) {
    if (event.data['pagemap'] == null) continue
    if (event.type === 'memremap/grabbed') taken.push(event)
    if (event.type === 'memremap/put') put = [...put, event]
    if (event.type === 'memremap/memory-removed' && put.length > 0) removed ??= event
  }
  return { taken, put, removed }
}

const pagesOf = (events: readonly AnyEvent[]): number[] => [
  ...new Set(events.flatMap((e) => (typeof e.data['pfn'] === 'number' ? [e.data['pfn']] : []))),
]

/** One paragraph: who took the pages, when they were given back, when the memory went, and what `check` says. */
export async function twinText(log: OpenLog, crashed: readonly PfnRange[], digits: 6 | 9): Promise<string> {
  const { taken, put, removed } = await courseOf(log)
  const { violations, rules } = await check(log.history)
  const certain = violations.filter((v) => v.certainty === 'certain').length
  const verdict = violations.length === 0 ? `Nothing is broken (${rules.length} rules).` : `${plural(certain, 'certain violation')}.`
  const [first, last] = [taken[0], put.at(-1)]
  if (first === undefined || last === undefined) return verdict
  const who = `${first.actor?.comm ?? '?'} (pid ${first.actor?.pid ?? '?'})`
  const pages = pagesOf(taken)
  const same = pages.every((pfn) => crashed.some((r) => pfn >= r.first && pfn <= r.last)) ? 'the same ' : ''
  const gone = removed === null ? '' : ` The memory goes only then, at ${seconds(removed.time, digits)}.`
  return `${who} takes ${same}${plural(pages.length, 'page')} at ${seconds(first.time, digits)} and has given back the last at ${seconds(last.time, digits)}.${gone} ${verdict}`
}
