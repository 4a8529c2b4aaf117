import { errno, hex, type DeviceId, type Pointer } from '@devtrail/events'
import { dissolve } from './dissolve.ts'
import type { DriverCore } from './driver-core.ts'
import type { DevresPayload, devresWarnings } from './events.ts'
import type { Group, LookupKey, Match, Node, ReleaseFunction, Resource } from './node.ts'
import { NodeOrder } from './node-order.ts'
import type { Run } from './run-all.ts'
import type { ReleaseReason } from './state.ts'

type Type = DevresPayload['type']
type Body<T extends Type> = Omit<Extract<DevresPayload, { type: T }>['data'], 'device'>

/** The list of one device: what is on it, how that is searched and taken off, and the passes that release it. */
export class DevresList {
  readonly core: DriverCore
  readonly #device: DeviceId
  readonly #isInitialised: boolean
  #order = new NodeOrder()

  constructor(core: DriverCore, device: DeviceId, isInitialised: boolean) {
    this.core = core
    this.#device = device
    this.#isInitialised = isInitialised
  }

  /** Oldest first, markers of groups included. */
  get nodes(): readonly Node[] {
    return this.#order.toArray()
  }

  get isEmpty(): boolean {
    return this.#order.length === 0
  }

  /** A node on no list yet; null when there is no memory. */
  alloc(of: Omit<Node, 'node' | 'life' | 'at'>): Node | null {
    if (!this.core.allocate()) return null
    const { release, size, data, run, marks, key } = of
    return { node: this.freshAddress(), release, size, data, run, marks, key, life: 'loose', at: -1 }
  }

  /** As {@link alloc}, for data that names its node, and that the node is looked up by. */
  allocWith<T>({ run, size }: { readonly run: ReleaseFunction<T>; readonly size: number }, dataOf: (node: Pointer) => T): Node | null {
    if (!this.core.allocate()) return null
    const node = this.freshAddress()
    const data = dataOf(node)
    return { node, release: run.name, size, data, run, marks: null, key: { kind: run, data }, life: 'loose', at: -1 }
  }

  append(node: Node): Pointer {
    this.#order.append(node)
    if (this.core.events.on) this.say('devres/added', bodyOf(node))
    return node.node
  }

  /** `life`: what becomes of it. Returns the number of the event. */
  unlink(node: Node, life: 'loose' | 'freed'): number {
    this.#order.takeOut(node, life)
    return this.core.events.on ? this.say('devres/removed', bodyOf(node)) : 0
  }

  replace(old: Node, next: Node): void {
    this.#order.replace(old, next)
    if (this.core.events.on) this.say('devres/replaced', { ...bodyOf(old), successor: next.node, successorSize: next.size })
  }

  /** The newest that fits. */
  find<T>(release: ReleaseFunction<T>, match?: Match<T>): Node | undefined {
    return this.#order.findNewest((node) => node.run === release && (match === undefined || match(node.data as T)))
  }

  findNewest(fits: (node: Node) => boolean): Node | undefined {
    return this.#order.findNewest(fits)
  }

  /** The newest of a key. */
  newestOf(key: LookupKey): Node | undefined {
    return this.#order.newestOf(key)
  }

  /** devres_release_all; `runEach` is handed what to run. */
  releaseAll(reason: ReleaseReason, runEach: (runs: Iterable<Run>) => void): number {
    const { events } = this.core
    if (!this.#isInitialised) {
      this.warn('not-initialised', 'devres_release_all')
      return errno.ENODEV
    }
    const all = this.nodes
    const { resources, groups } = dissolve(all)
    const started = events.on ? this.say('devres/release-all-started', { listed: true }) : 0
    this.#order = new NodeOrder()
    for (const node of all) node.life = 'freed'
    const end = (): void => {
      if (events.on) this.say('devres/release-all-ended', { count: resources.length, reason })
    }
    events.because(started, () => runEach(this.#runs(resources, groups, started, end)))
    return resources.length
  }

  /** devres_release_group: what stands in the group's range; `runEach` as in {@link releaseAll}. */
  releaseGroup(group: Group, runEach: (runs: Iterable<Run>) => void): number {
    const { events } = this.core
    const { resources, groups } = dissolve(this.rangeOf(group))
    const started = events.on ? this.say('devres/release-group-started', { group: group.open.node }) : 0
    for (const node of [...resources, ...groups.map((g) => g.open)]) this.#order.takeOut(node, 'freed')
    const end = (): void => {
      if (events.on) this.say('devres/release-group-ended', { count: resources.length })
    }
    events.because(started, () => {
      for (const { close } of groups) if (close !== null) this.unlink(close, 'freed')
      runEach(this.#runs(resources, groups, started, end))
    })
    return resources.length
  }

  /** From the opening marker to the closing one, or to the end while it is open. */
  rangeOf({ open, close }: Group): readonly Node[] {
    return this.#order.range(open, close)
  }

  /** release_nodes: the dissolved groups' markers, then the resources, both from the last to the first. Who waits in between comes back here later. */
  *#runs(resources: readonly Node[], groups: readonly Group[], started: number, end: () => void): Generator<Run> {
    const { events } = this.core
    for (const node of [...resources, ...groups.map((g) => g.open)].toReversed()) {
      const { run, data } = node
      const seq = events.on ? events.because(started, () => this.say('devres/released', bodyOf(node))) : 0
      if (run !== null) yield () => events.because(seq, () => (run as (data: unknown) => unknown)(data))
    }
    events.because(started, end)
  }

  /** An identity that nothing else has. */
  freshAddress(): Pointer {
    return hex(this.core.ids.next('devres') * 64)
  }

  warn(warning: (typeof devresWarnings)[number], by: string): void {
    if (this.core.events.on) this.say('devres/warned', { warning, by })
  }

  bug({ node, release }: Resource, what: string): Error {
    return new Error(`${release} (node ${node}) ${what} (after event ${this.core.events.seq})`)
  }

  say<T extends Type>(type: T, body: Body<T>): number {
    return this.core.say(type, this.#device, body)
  }
}

const bodyOf = ({ node, release, size }: Node): Body<'devres/added'> => ({ node, release, size })
