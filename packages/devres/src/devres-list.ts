import { errno, hex, type DeviceId, type Pointer } from '@devtrail/events'
import type { DriverCore } from './driver-core.ts'
import type { DevresPayload, devresWarnings } from './events.ts'
import { dissolve, type Group } from './group.ts'
import type { Match, Node, ReleaseFunction, Resource } from './node.ts'
import type { Run } from './run-all.ts'
import type { ReleaseReason } from './state.ts'

type Type = DevresPayload['type']
type Body<T extends Type> = Omit<Extract<DevresPayload, { type: T }>['data'], 'device'>

/** The list of one device: what is on it, how that is searched and taken off, and the passes that release it. */
export class DevresList {
  readonly core: DriverCore
  readonly #device: DeviceId
  readonly #isInitialised: boolean
  #nodes: Node[] = []

  constructor(core: DriverCore, device: DeviceId, isInitialised: boolean) {
    this.core = core
    this.#device = device
    this.#isInitialised = isInitialised
  }

  /** Oldest first, markers of groups included. */
  get nodes(): readonly Node[] {
    return this.#nodes
  }

  /** A node on no list yet; null when there is no memory. */
  alloc({ release, size, data, run, marks }: Omit<Node, 'node'>): Node | null {
    return this.core.allocate() ? { node: this.freshAddress(), release, size, data, run, marks } : null
  }

  /** As {@link alloc}, for data that names its node. */
  allocWith<T>(of: { readonly run: ReleaseFunction<T>; readonly size: number }, data: (node: Pointer) => T): Node | null {
    if (!this.core.allocate()) return null
    const node = this.freshAddress()
    return { node, release: of.run.name, size: of.size, data: data(node), run: of.run, marks: null }
  }

  append(node: Node): Pointer {
    this.#nodes.push(node)
    if (this.core.events.on) this.say('devres/added', bodyOf(node))
    return node.node
  }

  /** Returns the number of the event. */
  unlink(node: Node): number {
    this.#nodes.splice(this.#nodes.indexOf(node), 1)
    return this.core.events.on ? this.say('devres/removed', bodyOf(node)) : 0
  }

  replace(old: Node, next: Node): void {
    this.#nodes[this.#nodes.indexOf(old)] = next
    if (this.core.events.on) this.say('devres/replaced', { ...bodyOf(old), successor: next.node, successorSize: next.size })
  }

  /** The newest that fits. */
  find<T>(release: ReleaseFunction<T>, match?: Match<T>): Node | undefined {
    return this.#nodes.findLast((node) => node.run === release && (match === undefined || match(node.data as T)))
  }

  takeOff<T>(release: ReleaseFunction<T>, match?: Match<T>): { node: Node; seq: number } | undefined {
    const node = this.find(release, match)
    return node && { node, seq: this.unlink(node) }
  }

  /** devres_release_all; `runEach` is handed what to run. */
  releaseAll(reason: ReleaseReason, runEach: (runs: Iterable<Run>) => void): number {
    const { events } = this.core
    if (!this.#isInitialised) {
      this.warn('not-initialised', 'devres_release_all')
      return errno.ENODEV
    }
    const { resources, groups } = dissolve(this.#nodes)
    const started = events.on ? this.say('devres/release-all-started', { listed: true }) : 0
    this.#nodes = []
    const end = (): void => {
      if (events.on) this.say('devres/release-all-ended', { count: resources.length, reason })
    }
    events.because(started, () => runEach(this.#runs(resources, groups, end)))
    return resources.length
  }

  /** devres_release_group: what stands in the group's range; `runEach` as in {@link releaseAll}. */
  releaseGroup(group: Group, runEach: (runs: Iterable<Run>) => void): number {
    const { events } = this.core
    const { resources, groups } = dissolve(this.rangeOf(group))
    const started = events.on ? this.say('devres/release-group-started', { group: group.open.node }) : 0
    const leaving = new Set([...resources, ...groups.map((g) => g.open)])
    this.#nodes = this.#nodes.filter((node) => !leaving.has(node))
    const end = (): void => {
      if (events.on) this.say('devres/release-group-ended', { count: resources.length })
    }
    events.because(started, () => {
      for (const { close } of groups) if (close !== null) this.unlink(close)
      runEach(this.#runs(resources, groups, end))
    })
    return resources.length
  }

  /** From the opening marker to the closing one, or to the end while it is open. */
  rangeOf({ open, close }: Group): readonly Node[] {
    return this.#nodes.slice(this.#nodes.indexOf(open), close === null ? undefined : this.#nodes.indexOf(close) + 1)
  }

  /** release_nodes: the dissolved groups' markers, then the resources, both from the last to the first. */
  *#runs(resources: readonly Node[], groups: readonly Group[], end: () => void): Generator<Run> {
    const { events } = this.core
    for (const node of [...resources, ...groups.map((g) => g.open)].toReversed()) {
      const { run, data } = node
      const seq = events.on ? this.say('devres/released', bodyOf(node)) : 0
      if (run !== null) yield () => events.because(seq, () => (run as (data: unknown) => unknown)(data))
    }
    end()
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
