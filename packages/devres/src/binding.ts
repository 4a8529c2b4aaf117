/**
 * A device and its driver (drivers/base/dd.c). A probe that fails and an unbind both end in the release of the managed
 * resources; which steps come before and after differs between the eras and is a list in rules.ts.
 */
import { errno, type DeviceId } from '@devtrail/events'
import { DeviceResources } from './devres.ts'
import type { DriverCore } from './driver-core.ts'
import type { Step } from './rules.ts'
import type { DriverState, ProbeOutcome } from './state.ts'

/** A driver as the core calls it. */
export interface Driver {
  readonly name: string
  /** 0 (or nothing) when it takes the device, else a negative errno. Must not throw. */
  readonly probe: (device: LiveDevice) => number | void
  /** Called first in an unbind. Must not throw. */
  readonly remove?: (device: LiveDevice) => void
}

/** What a device is registered with. */
export interface DeviceInit {
  /** dev_name() */
  readonly name: string
  readonly bus?: string
  readonly kind?: string
}

/** struct device with its driver and its managed resources, from device_add to the last put. */
export class LiveDevice {
  /** Its incarnation: what events name it by. */
  readonly id: DeviceId
  readonly name: string
  /** Its devres list. */
  readonly resources: DeviceResources
  /** What the driver keeps with the device (dev_set_drvdata). */
  drvdata: unknown = null
  readonly #core: DriverCore
  #driver: Driver | null = null
  #state: DriverState = 'unbound'
  #presence: 'present' | 'removed' | 'gone' = 'present'

  /** device_add: a new incarnation, unbound. */
  constructor(core: DriverCore, { name, bus, kind }: DeviceInit) {
    this.#core = core
    this.id = core.ids.next('device')
    this.name = name
    this.resources = new DeviceResources(core, this.id)
    if (core.events.on) core.say('devres/device-added', this.id, { name, bus: bus ?? null, kind: kind ?? null })
  }

  /** dev.driver: set from the start of a probe until after the managed resources are released. */
  get driver(): Driver | null {
    return this.#driver
  }

  /** Where it stands with its driver. */
  get state(): DriverState {
    return this.#state
  }

  /** On its bus, taken off it (device_del), or gone (the last put). */
  get presence(): 'present' | 'removed' | 'gone' {
    return this.#presence
  }

  /**
   * really_probe: 0 when bound, else a negative errno: the driver's own, -EBUSY when the device has a driver or (6.1)
   * managed resources, -ENODEV when it is not on a bus any more. -EPROBE_DEFER is tried again after the next bind.
   */
  probe(driver: Driver): number {
    const { events } = this.#core
    if (this.#presence !== 'present') return errno.ENODEV
    if (this.#state !== 'unbound') return errno.EBUSY
    const started = events.on ? this.#core.say('devres/probe-started', this.id, { driver: driver.name, listed: true }) : 0
    const triggers = this.#core.triggers
    const error = events.because(started, () => this.#tryDriver(driver))
    const outcome = outcomeOf(error)
    if (events.on) this.#core.say('devres/probe-ended', this.id, { errno: error, outcome })
    if (outcome === 'deferred') this.#core.defer(this, driver, triggers)
    if (outcome === 'bound') {
      this.#core.undefer(this)
      this.#core.trigger()
    }
    return error
  }

  #tryDriver(driver: Driver): number {
    if (!this.resources.isEmpty) {
      if (this.#core.events.on) this.#core.say('devres/warned', this.id, { warning: 'resources-present', by: 'really_probe' })
      if (this.#core.rules.refusesLeftovers) return errno.EBUSY
    }
    this.#driver = driver
    this.#state = 'probing'
    const error = driver.probe(this) ?? 0
    if (error === 0) this.#state = 'bound'
    else this.#take(this.#core.rules.probeFailure, 'probe-failed')
    return error
  }

  /** device_release_driver. Returns false when there is nothing to unbind. */
  unbind(): boolean {
    if (this.#state !== 'bound') return false
    this.#state = 'unbinding'
    this.#take(this.#core.rules.unbind, 'unbind')
    return true
  }

  /** device_del: unbinds and leaves the bus; 6.1 then releases what is managed, the seed leaves it to {@link put}. */
  del(): void {
    if (this.#presence !== 'present') return
    if (this.#state === 'probing' || this.#state === 'unbinding')
      throw new Error(`${this.name}: device_del while it is ${this.#state} would wait for ever`)
    this.unbind()
    this.#core.undefer(this)
    this.#presence = 'removed'
    if (this.#core.events.on) this.#core.say('devres/device-removed', this.id, {})
    if (this.#core.rules.releasesOnDel) this.resources.releaseAll('device-del')
  }

  /** put_device, the last one: device_release. @throws Error while the device is still on its bus. */
  put(): void {
    if (this.#presence === 'gone') return
    if (this.#presence === 'present')
      throw new Error(`${this.name}: the last reference is dropped before device_del (after event ${this.#core.events.seq})`)
    this.#presence = 'gone'
    this.resources.releaseAll('device-release')
  }

  #take(steps: readonly Step[], reason: 'unbind' | 'probe-failed'): void {
    for (const step of steps) this.#step(step, reason)
  }

  #step(step: Step, reason: 'unbind' | 'probe-failed'): void {
    const { events } = this.#core
    if (step === 'remove') {
      const { remove } = this.#driver!
      if (remove === undefined) return
      const seq = events.on ? this.#core.say('devres/remove-started', this.id, { driver: this.#driver?.name ?? null }) : 0
      events.because(seq, () => remove(this))
      return
    }
    if (step === 'release-all') {
      const seq = events.on ? this.#core.say('devres/unbind-cleanup-started', this.id, { reason }) : 0
      events.because(seq, () => this.resources.releaseAll(reason))
      return
    }
    if (step === 'driver-cleared') {
      this.#driver = null
      this.#state = 'unbound'
    }
    if (step === 'drvdata-cleared') this.drvdata = null
    if (events.on) this.#core.say('devres/binding-step-taken', this.id, { step })
  }
}

/** What really_probe makes of an error. */
function outcomeOf(error: number): ProbeOutcome {
  if (error === 0) return 'bound'
  if (error === errno.EPROBE_DEFER) return 'deferred'
  return error === errno.ENODEV || error === errno.ENXIO ? 'rejected' : 'failed'
}
