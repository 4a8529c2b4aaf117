import { DriverCore, LiveDevice, type DeviceResources } from '@devtrail/devres'
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { Named } from './named.ts'

/** A device with managed resources; what it said in the operation at hand, and what its callbacks logged. */
export class DevresFixture {
  events: AnyEvent[] = []
  log: string[] = []
  readonly named = new Named(this)
  readonly #work: (() => void)[] = []
  readonly core = new DriverCore({
    events: new Emitter(new ManualClock(), (event) => this.events.push(event)),
    ids: new Ids(),
    rules: 'linux-6.1',
    queueWork: (work) => this.#work.push(work),
  })
  device = new LiveDevice(this.core, { name: 'device' })

  get resources(): DeviceResources {
    return this.device.resources
  }

  /** Before the next operation. */
  forget(): void {
    this.events = []
    this.log = []
  }

  /** root_device_unregister, and a new device for the rest. */
  unregister(): void {
    this.device.del()
    this.device.put()
    this.device = new LiveDevice(this.core, { name: 'device' })
  }
}
