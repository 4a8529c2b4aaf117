import type { DeviceId, Emitter, Ids } from '@devtrail/events'
import type { DevresPayload } from './events.ts'
import { devresRules, type DevresRules, type Rules } from './rules.ts'
import { runAll, type Run } from './run-all.ts'

/** What a machine hands to its driver core. */
export interface DriverCoreInit {
  readonly events: Emitter
  readonly ids: Ids
  readonly rules: Rules
  /** Where work is queued; probes that were deferred are retried from there. */
  readonly queueWork: (work: () => void) => void
  /** Whether the next allocation is granted; left out, each is. For tests of what happens when memory is short. */
  readonly allocate?: () => boolean
}

/** A device as its core knows it: what it defers, and what it says events about. */
export interface RegisteredDevice {
  readonly id: DeviceId
  /** dev_name() */
  readonly name: string
}

/** What the devices of one machine share, the deferred probes included (drivers/base/dd.c). */
export class DriverCore {
  readonly events: Emitter
  readonly ids: Ids
  readonly rules: DevresRules
  readonly allocate: () => boolean
  readonly #queueWork: (work: () => void) => void
  readonly #pending = new Map<RegisteredDevice, Run>()
  readonly #active = new Map<RegisteredDevice, Run>()
  #triggers = 0

  constructor({ events, ids, rules, queueWork, allocate = () => true }: DriverCoreInit) {
    this.events = events
    this.ids = ids
    this.rules = devresRules[rules]
    this.#queueWork = queueWork
    this.allocate = allocate
  }

  /** The devices whose probe was deferred, in order. */
  get deferred(): readonly RegisteredDevice[] {
    return [...this.#pending.keys(), ...this.#active.keys()]
  }

  /** How often probes were set going again; a probe compares it to see whether it missed one. */
  get triggers(): number {
    return this.#triggers
  }

  /** driver_deferred_probe_add; `again` probes it once more, `since` is {@link triggers} as it was when the probe began. */
  defer(device: RegisteredDevice, again: Run, since: number): void {
    this.#pending.set(device, again)
    if (this.#triggers !== since) this.trigger()
  }

  /** driver_deferred_probe_del. */
  undefer(device: RegisteredDevice): void {
    this.#pending.delete(device)
    this.#active.delete(device)
  }

  /** driver_deferred_probe_trigger: a device was bound, so others may find now what they lacked. */
  trigger(): void {
    this.#triggers++
    if (this.#pending.size === 0) return
    for (const [device, again] of this.#pending) this.#active.set(device, again)
    this.#pending.clear()
    this.#queueWork(() => runAll(this.#retries()))
  }

  /** deferred_probe_work_func. A probe that throws does not keep the others from being tried. */
  *#retries(): Generator<Run> {
    for (const [device, again] of this.#active) {
      this.#active.delete(device)
      yield again
    }
  }

  /** Says an event about a device. */
  say(type: DevresPayload['type'], device: DeviceId, body: object): number {
    return this.events.emit<DevresPayload>(type, { device, ...body }, { device })
  }
}
