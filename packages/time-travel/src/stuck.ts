import type { HostId, Waiting } from '@devtrail/events'
import type { Machine } from './machine.ts'
import { deviceAmong } from './mentions.ts'
import { openTasks, type OpenCall } from './tasks.ts'

/** A task that is inside a call at a moment. */
export interface StuckTask {
  readonly pid: number
  readonly comm: string
  /** 0: of a log of one host. */
  readonly host: HostId
  /** Outermost first. */
  readonly calls: readonly { readonly call: OpenCall; readonly device: number | null; readonly waiting: Waiting | null }[]
}

const isAbout = ({ about }: OpenCall, pagemap: number): boolean => about.some(({ kind, id }) => kind === 'pagemap' && id === pagemap)

/** Every task that entered calls and has not returned from them. */
export function stuckTasks(machine: Machine): StuckTask[] {
  return machine.hosts().flatMap((host) => {
    const waiting = machine.models.flatMap((m) => m.waiting?.(machine.state(m.name, host)) ?? [])
    return openTasks(machine.host(host).tasks).map(({ pid, comm, calls }) => ({
      pid,
      comm,
      host,
      calls: calls.map((call) => ({
        call,
        device: deviceAmong(call.about, machine.facts),
        waiting:
          waiting.find(({ who, call: of }) => of === call.name && ('pid' in who ? who.pid === pid : isAbout(call, who.pagemap))) ?? null,
      })),
    }))
  })
}
