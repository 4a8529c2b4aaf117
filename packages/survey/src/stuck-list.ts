import type { AnyEvent, HostId } from '@devtrail/events'
import { stuckTasks, type EventSource, type History, type Moment, type OpenCall, type Position } from '@devtrail/time-travel'
import type { Names } from './names.ts'
import { eventsAt } from './survey.ts'

/** A call that a task is in, with what tells where and for what it waits. */
export interface StuckCall {
  readonly call: OpenCall
  /** The event that entered it; null for one of the baseline. */
  readonly entered: AnyEvent | null
  readonly device: number | null
  readonly waitsFor: string | null
  /** The function's own name, where the call stands for several. */
  readonly function: string
  readonly evidence: readonly AnyEvent[]
  readonly data: { readonly [key: string]: unknown }
}

export interface StuckTaskAt {
  readonly pid: number
  readonly comm: string
  /** 0: of a log of one host. */
  readonly host: HostId
  /** Outermost first. */
  readonly calls: readonly StuckCall[]
}

/** What has to be known of a log. */
interface Asked {
  readonly source: EventSource
  readonly history: History
}

/** The time that is asked about, in nanoseconds: no event need be near it. Past the log's last event nothing is known. */
async function timeAsked({ history }: Asked, position: Position, at: Moment): Promise<number | null> {
  if (position.kind !== 'time' || at.time === null || position.ns <= at.time) return at.time
  const seq = await history.lastSeq()
  const last = (await history.events([seq])).get(seq)
  return last === undefined ? at.time : Math.max(at.time, Math.min(position.ns, last.time))
}

/** The tasks inside calls at a position. A call that names no device is on the one its evidence is about. `until`: what calls are counted to. */
export async function stuckAt(
  log: Asked,
  position: Position,
  names: Names,
): Promise<{ at: Moment; until: number | null; tasks: StuckTaskAt[] }> {
  const { at, machine } = await log.history.at(position)
  const tasks = stuckTasks(machine)
  const evidence = await eventsAt(
    log.source,
    tasks.flatMap((t) => t.calls.flatMap((c) => [c.call.seq, ...(c.waiting?.evidence ?? [])])),
  )
  return {
    at,
    until: await timeAsked(log, position, at),
    tasks: tasks.map(({ pid, comm, host, calls }) => ({
      pid,
      comm,
      host,
      calls: calls.map(({ call, device, waiting }) => {
        const proofs = (waiting?.evidence ?? []).flatMap((seq) => evidence.get(seq) ?? [])
        const near = proofs.map((e) => names.of(e)).find((d) => d !== null)
        const fn = waiting?.data['function']
        return {
          call,
          entered: evidence.get(call.seq) ?? null,
          device: device ?? near ?? null,
          waitsFor: waiting === null ? call.waitsFor : waiting.waitsFor,
          function: typeof fn === 'string' ? fn : call.name,
          evidence: proofs,
          data: waiting?.data ?? {},
        }
      }),
    })),
  }
}
