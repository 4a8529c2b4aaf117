/**
 * A device and its driver (drivers/base/dd.c). A probe that fails and an unbind both end in the release of the managed
 * resources; which steps come before and after differs between the eras and is a list in rules.ts.
 */
import { errno, type DeviceId } from '@devtrail/events'
import { DeviceResources } from './devres.ts'
import type { DriverCore } from './driver-core.ts'
import type { Step } from './rules.ts'
import { runAll, runAllAsync, type Run } from './run-all.ts'
import type { DriverState, ProbeOutcome, ReleaseReason } from './state.ts'

/** What the log has for a probe that threw: the kernel knows no such thing. */
const PROBE_THREW = errno.EIO

/** A driver as the core calls it. */
export interface Driver {
  readonly name: string
  /** 0 (or nothing) when it takes the device, else a negative errno. One that throws has failed (-EIO in the log). */
  readonly probe: (device: LiveDevice) => number | void
  /** Called first in an unbind, which goes on if it throws. */
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
  /** Whether the probe or unbind that goes on waits for what takes time to dispose of. */
  #waits = true

  /** device_add: a new incarnation, unbound. */
  constructor(core: DriverCore, { name, bus, kind }: DeviceInit) {
    this.#core = core
    this.id = core.ids.next('device')
    this.name = name
    this.resources = new DeviceResources(core, this.id, { mayWait: () => this.#waits || !this.#isBusy })
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
   * @throws what the driver's probe or a release function threw, once everything is cleaned up; TypeError, before anything is done, when
   * something on the list of a device without a driver (seed) has to be waited for.
   */
  probe(driver: Driver): number {
    const refused = this.#refuses()
    if (refused !== 0) return refused
    if (!this.#core.rules.refusesLeftovers) this.#mustNotWait('probeAsync')
    const attempt = { error: PROBE_THREW }
    runAll(this.#probing(driver, attempt, false))
    return attempt.error
  }

  /** As {@link probe}, for a driver whose probe hands over what takes time to dispose of; that is waited for when the probe fails. */
  async probeAsync(driver: Driver): Promise<number> {
    const refused = this.#refuses()
    if (refused !== 0) return refused
    const attempt = { error: PROBE_THREW }
    await runAllAsync(this.#probing(driver, attempt, true))
    return attempt.error
  }

  /** device_release_driver. Returns false when there is nothing to unbind. @throws as {@link del}. */
  unbind(): boolean {
    if (this.#state !== 'bound') return false
    this.#mustNotWait('unbindAsync')
    runAll(this.#unbinding(false))
    return true
  }

  /** As {@link unbind}, and waits for what takes time to dispose of. */
  async unbindAsync(): Promise<boolean> {
    if (this.#state !== 'bound') return false
    await runAllAsync(this.#unbinding(true))
    return true
  }

  /**
   * device_del: unbinds and leaves the bus; 6.1 then releases what is managed, the seed leaves it to {@link put}.
   * @throws what the driver's remove or release functions threw, once all is done; TypeError, before anything is done, when something has to be
   * waited for; Error while the device is probed or unbound, for that would be waited for, and waits for this.
   */
  del(): void {
    if (!this.#mayGo()) return
    if (this.#state === 'bound' || this.#core.rules.releasesOnDel) this.#mustNotWait('delAsync')
    runAll(this.#going(false))
  }

  /** As {@link del}, and waits for what takes time to dispose of. */
  async delAsync(): Promise<void> {
    if (this.#mayGo()) await runAllAsync(this.#going(true))
  }

  /** put_device, the last one: device_release. @throws Error while the device is still on its bus; what release functions threw; TypeError as {@link del}. */
  put(): void {
    if (!this.#isLastPut()) return
    this.#mustNotWait('putAsync')
    this.#presence = 'gone'
    this.resources.releaseAll('device-release')
  }

  /** As {@link put}, and waits for what takes time to dispose of. */
  async putAsync(): Promise<void> {
    if (!this.#isLastPut()) return
    this.#presence = 'gone'
    await this.resources.releaseAllAsync('device-release')
  }

  get #isBusy(): boolean {
    return this.#state === 'probing' || this.#state === 'unbinding'
  }

  /** The errno of a probe that is not begun, else 0. */
  #refuses(): number {
    if (this.#presence !== 'present') return errno.ENODEV
    return this.#state === 'unbound' ? 0 : errno.EBUSY
  }

  #mayGo(): boolean {
    if (this.#presence !== 'present') return false
    if (this.#isBusy) throw new Error(`${this.name}: device_del while it is ${this.#state} would wait for ever`)
    return true
  }

  #isLastPut(): boolean {
    if (this.#presence === 'present')
      throw new Error(`${this.name}: the last reference is dropped before device_del (after event ${this.#core.events.seq})`)
    return this.#presence !== 'gone'
  }

  #mustNotWait(instead: string): void {
    if (this.resources.hasToWait)
      throw new TypeError(`${this.name}: a managed resource can only be disposed of asynchronously: use ${instead}; nothing was done`)
  }

  /** `attempt.error` is filled in; what is yielded is run one after the other, whatever is thrown. */
  *#probing(driver: Driver, attempt: { error: number }, waits: boolean): Generator<Run> {
    const { events, rules, triggers } = this.#core
    const started = events.on ? this.#core.say('devres/probe-started', this.id, { driver: driver.name, listed: true }) : 0
    if (this.#warnsOfLeftovers(started) && rules.refusesLeftovers) attempt.error = errno.EBUSY
    else {
      this.#driver = driver
      this.#state = 'probing'
      this.#waits = waits
      yield () =>
        events.because(started, () => {
          attempt.error = errorOf(driver.probe(this))
        })
      if (attempt.error === 0) this.#state = 'bound'
      else for (const step of this.#steps(rules.probeFailure, 'probe-failed')) yield () => events.because(started, step)
    }
    const outcome = outcomeOf(attempt.error)
    if (events.on) this.#core.say('devres/probe-ended', this.id, { errno: attempt.error, outcome })
    if (outcome === 'deferred') this.#core.defer(this, () => (waits ? this.probeAsync(driver) : this.probe(driver)), triggers)
    if (outcome === 'bound') {
      this.#core.undefer(this)
      this.#core.trigger()
    }
  }

  #warnsOfLeftovers(started: number): boolean {
    const { events } = this.#core
    if (this.resources.isEmpty) return false
    if (events.on)
      events.because(started, () => this.#core.say('devres/warned', this.id, { warning: 'resources-present', by: 'really_probe' }))
    return true
  }

  #unbinding(waits: boolean): Run[] {
    this.#state = 'unbinding'
    this.#waits = waits
    return this.#steps(this.#core.rules.unbind, 'unbind')
  }

  *#going(waits: boolean): Generator<Run> {
    if (this.#state === 'bound') yield* this.#unbinding(waits)
    this.#core.undefer(this)
    this.#presence = 'removed'
    if (this.#core.events.on) this.#core.say('devres/device-removed', this.id, {})
    if (this.#core.rules.releasesOnDel) yield () => this.#release('device-del', waits)
  }

  #release(reason: ReleaseReason, waits: boolean): unknown {
    return waits ? this.resources.releaseAllAsync(reason) : this.resources.releaseAll(reason)
  }

  #steps(steps: readonly Step[], reason: 'unbind' | 'probe-failed'): Run[] {
    return steps.map((step) => () => this.#step(step, reason))
  }

  #step(step: Step, reason: 'unbind' | 'probe-failed'): unknown {
    const { events } = this.#core
    if (step === 'remove') {
      const { remove } = this.#driver!
      if (remove === undefined) return undefined
      const seq = events.on ? this.#core.say('devres/remove-started', this.id, { driver: this.#driver?.name ?? null }) : 0
      return events.because(seq, () => remove(this))
    }
    if (step === 'release-all') {
      const seq = events.on ? this.#core.say('devres/unbind-cleanup-started', this.id, { reason }) : 0
      return events.because(seq, () => this.#release(reason, this.#waits))
    }
    if (step === 'driver-cleared') {
      this.#driver = null
      this.#state = 'unbound'
    }
    if (step === 'drvdata-cleared') this.drvdata = null
    if (events.on) this.#core.say('devres/binding-step-taken', this.id, { step })
    return undefined
  }
}

/** @throws TypeError for an answer that is no errno, such as the promise of an async probe. */
function errorOf(answer: number | void): number {
  if (answer === undefined || Number.isInteger(answer)) return answer ?? 0
  throw new TypeError(`a probe returns 0 or a negative errno, found ${typeof answer}: what it starts has to be awaited before it`)
}

/** What really_probe makes of an error. */
function outcomeOf(error: number): ProbeOutcome {
  if (error === 0) return 'bound'
  if (error === errno.EPROBE_DEFER) return 'deferred'
  return error === errno.ENODEV || error === errno.ENXIO ? 'rejected' : 'failed'
}
