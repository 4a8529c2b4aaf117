/** Who has not given back what, and who has not returned from where: as `devtrail refs` and `devtrail stuck` say it. */
import { seconds } from '@devtrail/events'
import { count, holdersText, pagesText, refsOf, stuckAt, type Names, type Ref } from '@devtrail/survey'
import type { History } from '@devtrail/time-travel'
import type { RefRow, RefsAt, TaskRow } from '../protocol.ts'

/** References that are told at once. */
const REFS_MAX = 300

function wordsOf(ref: Ref): string {
  if (ref.of === 'queue') return `queue, ${ref.queue.ref.mode ?? 'mode ?'}, count ${count(ref.queue.ref.count)}`
  const { pagemap } = ref
  if (ref.of === 'pagemap') {
    const where = pagemap.ranges?.[0]?.start ?? pagemap.id ?? '?'
    return `pagemap ${where} ${pagemap.state ?? 'state ?'}, ${pagemap.ref.mode ?? 'mode ?'}, count ${count(pagemap.ref.count)}`
  }
  const by = holdersText(ref.ref)
  return `${pagesText(ref.ref)}, count ${count(ref.ref.refcount)}, ${by === '' ? 'taken by ?' : by}`
}

function rowOf(ref: Ref, names: Names): RefRow {
  const shown = ref.device ?? ref.namespace
  return {
    of: ref.of,
    device: shown === null ? null : names.device(shown),
    isByNamespace: ref.device === null && shown !== null,
    certain: ref.certain || ref.of !== 'page',
    words: wordsOf(ref),
    isMemoryGone: ref.of === 'page' && ref.pagemap.state === 'removed',
    since: ref.of === 'page' ? ref.ref.since : null,
  }
}

export async function refsAt(history: History, names: Names, seq: number): Promise<RefsAt> {
  const { machine } = await history.at({ kind: 'seq', seq })
  const refs = refsOf(machine, null)
  return { seq, refs: refs.slice(0, REFS_MAX).map((ref) => rowOf(ref, names)), more: Math.max(0, refs.length - REFS_MAX) }
}

export async function tasksAt(history: History, names: Names, seq: number): Promise<readonly TaskRow[]> {
  const { until, tasks } = await stuckAt({ history, source: history.source }, { kind: 'seq', seq }, names)
  return tasks.map(({ host, pid, comm, calls }) => ({
    host: host === 0 ? null : names.host(host),
    pid,
    comm,
    calls: calls.map(({ call, device, waitsFor, data, ...of }) => ({
      name: of.function,
      seq: call.seq,
      time: seconds(call.time, 6),
      forSeconds: until === null ? null : ((until - call.time) / 1e9).toFixed(3),
      device: device === null ? null : names.device(device),
      waitsFor,
      idleSince: typeof data['idleSince'] === 'string' ? data['idleSince'] : null,
      certain: call.sure && call.isReturnSure,
      evidence: of.evidence.map((event) => event.seq),
    })),
  }))
}
