import { seconds } from '@devtrail/events'
import type { Names, StuckCall, StuckTaskAt } from '@devtrail/survey'
import { evidenceLines } from './evidence.ts'
import type { Style } from './style.ts'
import { visible, wrap } from './text.ts'

/** A task inside calls, as `stuck --json` prints it. */
export function stuckJson(task: StuckTaskAt, names: Names, digits: 6 | 9): object {
  return {
    pid: task.pid,
    comm: task.comm,
    ...(task.host === 0 ? {} : { host: names.host(task.host) }),
    calls: task.calls.map((c) => ({
      call: c.call.name,
      function: c.function,
      since: { seq: c.call.seq, entry: c.call.entry, time: seconds(c.call.time, digits) },
      device: c.device === null ? null : names.device(c.device),
      waitsFor: c.waitsFor,
      certain: c.call.sure && c.call.isReturnSure,
      evidence: [c.call.seq, ...c.evidence.map((e) => e.seq)],
      data: c.data,
    })),
  }
}

const ENTRIES_MISSING = ' (entries are missing since: it may have returned)'
const RETURN_MISSED = ' (the probe of its return missed hits: it may have returned)'

function callText(c: StuckCall, until: number | null, names: Names, style: Style, digits: 6 | 9): string {
  const since = c.call
  const forHow = until === null ? '' : `, for ${((until - since.time) / 1e9).toFixed(3)} s`
  const device = c.device === null ? '' : ` on ${style.name(names.device(c.device))}`
  const sure = c.call.sure ? (c.call.isReturnSure ? '' : RETURN_MISSED) : ENTRIES_MISSING
  const idle =
    typeof c.data['idleSince'] === 'string' ? style.bad(`, which it is since ${c.data['idleSince']}: the task was not woken`) : ''
  const waits = c.waitsFor === null ? '' : `, waits for ${c.waitsFor}${idle}`
  return `in ${style.bold(c.function)}${device} since ${style.when(seconds(since.time, digits))}${forHow}${waits}${style.warn(sure)}`
}

/** A task inside calls, as a person reads it. */
export function stuckText(task: StuckTaskAt, until: number | null, names: Names, style: Style, digits: 6 | 9): string {
  const lines = [style.bold(visible(`${task.comm} (pid ${task.pid}${task.host === 0 ? '' : ` of ${names.host(task.host)}`})`))]
  for (const c of task.calls) {
    lines.push(...wrap(callText(c, until, names, style, digits), style.width - 2, '  ').map((l) => `  ${l}`))
    lines.push(...evidenceLines([...(c.entered === null ? [] : [c.entered]), ...c.evidence], names, style, digits).map((l) => `    ${l}`))
  }
  return `${lines.join('\n')}\n`
}
