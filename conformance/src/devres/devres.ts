import { DriverCore, LiveDevice, type DeviceResources } from '@devtrail/devres'
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { type Answer, type Operation, type Subsystem } from '../sequence.ts'
import { call } from './calls.ts'
import { Named } from './named.ts'

/** One device with managed resources, whose callbacks log. */
export const devres: Subsystem = () => {
  const fixture = new DevresFixture()
  return (operation) => fixture.run(operation)
}

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

  /** root_device_unregister, and a new device for the rest. */
  unregister(): void {
    this.device.del()
    this.device.put()
    this.device = new LiveDevice(this.core, { name: 'device' })
  }

  run(operation: Operation): Answer {
    this.events = []
    this.log = []
    const ret = call(this, operation)
    const warn = this.events.filter(({ type }) => type === 'devres/warned').map(({ data }) => data['by'])
    return {
      ret,
      ...(this.log.length > 0 && { log: this.log }),
      ...(warn.length > 0 && { warn }),
      list: this.resources.list().map(({ node }) => this.named.labelOf(node)),
    }
  }
}
