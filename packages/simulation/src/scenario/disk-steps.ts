/** What the steps of a task do with disks. */
import { errno } from '@devtrail/events'
import type { Steps } from '@devtrail/memremap'
import type { SimulatedMachine } from '../machine/machine.ts'
import type { Exchange } from './exchange.ts'
import type { Step } from './scenario.ts'

/** Bytes of a segment: a page. */
const SEGMENT = 4096
const SECTOR = 512

/** 0 or the errno of the bio; -ENXIO where there is no disk. */
export function* submitting(machine: SimulatedMachine, step: Extract<Step, { do: 'submit-bio' }>): Steps<number> {
  const { disk: name, op, sector = 0, sectors = 8, byte = 0, nowait = false } = step
  const disk = machine.disk(name)
  if (disk === null) return errno.ENXIO
  const bytes = sectors * SECTOR
  const segments = Array.from({ length: Math.ceil(bytes / SEGMENT) }, (_, n) =>
    new Uint8Array(Math.min(SEGMENT, bytes - n * SEGMENT)).fill(byte),
  )
  return yield* disk.submitSteps({ op, sector, segments, nowait })
}

/** `blk_queue_enter`, which may wait: 0 or an errno; -ENXIO where there is no disk. */
export function* entering({ machine, queues }: Exchange, disk: string): Steps<number> {
  const queue = machine.disk(disk)?.queue
  if (queue === undefined) return errno.ENXIO
  const error = yield* queue.enterSteps()
  if (error !== 0) return error
  const inside = queues.get(disk)
  if (inside === undefined) queues.set(disk, [queue])
  else inside.push(queue)
  return 0
}
