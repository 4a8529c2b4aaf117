/** Events of a machine that are folded and judged as they are said. */
import { Emitter, ManualClock, type AnyEvent, type Violation } from '@devtrail/events'
import { memremapModel } from '../src/model.ts'

export class Judged {
  readonly clock = new ManualClock()
  readonly events: AnyEvent[] = []
  readonly violations: Violation[] = []
  readonly state = memremapModel.initial()
  readonly emitter = new Emitter(this.clock, (event) => {
    this.events.push(event)
    memremapModel.evolve(this.state, event)
    for (const rule of memremapModel.invariants) this.violations.push(...rule.judge(this.state, event))
  })
}
