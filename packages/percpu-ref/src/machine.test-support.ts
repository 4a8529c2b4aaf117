import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import { PercpuRef, type PercpuRefMachine } from './percpu-ref.ts'
import type { Rules } from './rules.ts'
import { GracePeriods } from './scheduler.ts'

/** A machine with three CPUs whose events are kept. */
export function machineOf(rules: Rules): { machine: PercpuRefMachine; gp: GracePeriods; events: AnyEvent[] } {
  const events: AnyEvent[] = []
  const gp = new GracePeriods()
  return { machine: { events: new Emitter(new ManualClock(), (e) => events.push(e)), scheduler: gp, cpus: 3, rules }, gp, events }
}

export function refOn(machine: PercpuRefMachine, flags: number, released: (ref: PercpuRef) => void = () => undefined): PercpuRef {
  const release = (ref: PercpuRef): void => released(ref)
  return new PercpuRef(machine, { id: '0xa0', release, flags, device: 1 })
}
