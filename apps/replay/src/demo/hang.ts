/** The cause of a hang: a waiter whose page became idle without anybody waking it. */
import { seconds, type AnyEvent, type Json, type Violation } from '@devtrail/events'
import { check } from '@devtrail/time-travel'
import type { OpenLog } from '../logs/open.ts'
import { eventsAt, plural, stuckAt, surveyOf, type StuckTaskAt } from '@devtrail/survey'

function dropText(drop: AnyEvent | undefined): string {
  if (drop === undefined || drop.type !== 'memremap/put') return 'its last reference goes'
  const pages = drop.data['pages']
  const how = drop.data['how'] === 'bio' ? 'the end of a bio' : String(drop.data['how'])
  return `${how} drops the references on ${typeof pages === 'number' && pages > 1 ? `${plural(pages, 'page')} from it on` : 'it'}`
}

const said = (value: Json | undefined): string => (typeof value === 'string' ? value : '?')

function text(v: Violation, task: StuckTaskAt, drop: AnyEvent | undefined, end: string): string {
  const call = task.calls.at(-1)!
  return (
    `${task.comm} (pid ${task.pid}) is in ${call.function} since ${said(v.data['waitingSince'])} and waits for ${call.waitsFor ?? 'something'}. ` +
    `At ${said(v.data['idleSince'])} ${dropText(drop)}: idle. Such a put wakes nobody. ` +
    `When the recording ends, at ${end}, the task is still waiting, and will be for ever.`
  )
}

/** One paragraph about the certain `memremap/idle-waiter-not-woken` of a log. @throws Error when there is none. */
export async function hangText(log: OpenLog, digits: 6 | 9): Promise<string> {
  const { violations } = await check(log.history)
  const v = violations.find((w) => w.rule === 'memremap/idle-waiter-not-woken')
  const { names } = await surveyOf(log.history)
  const { at, tasks } = await stuckAt(log, { kind: 'end' }, names)
  const waiter = v?.data['waiter'] as { pid: number } | undefined
  const task = tasks.find((t) => t.pid === waiter?.pid)
  if (v === undefined || task === undefined) throw new Error(`${log.given}: expected a waiter that was not woken, found none`)
  const drop = (await eventsAt(log.source, [v.seq])).get(v.seq)
  return text(v, task, drop, at.time === null ? 'its end' : seconds(at.time, digits))
}
