/** What the steps of a task do to the machine. */
import { foll, type Steps } from '@devtrail/memremap'
import type { Actor } from '@devtrail/events'
import { busStep } from './bus-steps.ts'
import { entering, submitting } from './disk-steps.ts'
import type { Exchange } from './exchange.ts'
import { intoBio, touching, walked } from './page-steps.ts'
import type { ProgramSpec, Step, TaskSpec } from './scenario.ts'
import { nanosecondsOf } from './units.ts'

/** The steps of a task, one after the other. */
export function* programOf(exchange: Exchange, task: TaskSpec | ProgramSpec): Steps<void> {
  if ('program' in task) {
    yield* task.program(exchange.machine)
    return
  }
  for (const step of task.steps) {
    yield null
    if (exchange.isOver) return
    yield* doing(exchange, { pid: task.pid, comm: task.comm }, step)
  }
}

function* doing(exchange: Exchange, actor: Actor, step: Step): Steps<void> {
  const { machine, pipes, bios, signals } = exchange
  const { pid } = actor
  switch (step.do) {
    case 'touch':
      yield* touching(exchange, pid, step)
      return
    case 'splice':
      pipes.set(step.pipe, machine.registry.pipe(yield* walked(exchange, pid, step, foll.GET)))
      return
    case 'close-pipe':
      pipes.get(step.pipe)?.release()
      pipes.delete(step.pipe)
      return
    case 'direct-io': {
      const pins = step.pin === true && machine.registry.rules.pins
      const pfns = yield* intoBio(exchange, pid, step, pins ? foll.PIN : foll.GET)
      bios.set(step.bio, machine.registry.bio(pfns, pins ? 'pin' : 'get'))
      return
    }
    case 'end-bio':
      bios.get(step.bio)?.end()
      bios.delete(step.bio)
      return
    case 'truncate':
      yield* machine.registry.truncate(machine.file(step.file), step.pages)
      return
    case 'submit-bio':
      exchange.answered(actor, `${step.op} ${step.disk}`, yield* submitting(machine, step))
      return
    case 'enter-queue':
      exchange.answered(actor, `enter-queue ${step.disk}`, yield* entering(exchange, step.disk))
      return
    case 'exit-queue':
      exchange.queues.get(step.disk)?.pop()?.exit()
      return
    case 'sleep':
      yield* machine.scheduler.until(machine.clock.now() + nanosecondsOf(step.for)!)
      return
    case 'sleep-until':
      yield* machine.scheduler.until(nanosecondsOf(step.time)!)
      return
    case 'signal':
      signals.add(step.signal)
      return
    case 'wait-for':
      yield { what: `the signal ${step.signal}`, until: () => signals.has(step.signal) }
      return
    default:
      yield* busStep(exchange, actor, step)
  }
}
