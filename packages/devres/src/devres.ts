/**
 * The managed resources of one device (drivers/base/devres.c). A resource is data with a release function; it is
 * added at the end of the list, searched for from the end, and when the device goes the release functions run newest
 * first. What a release function adds meanwhile stays on the list for a later pass.
 */
import { errno, hex, type DeviceId, type Pointer } from '@devtrail/events'
import type { DriverCore } from './driver-core.ts'
import type { DevresPayload, devresWarnings } from './events.ts'
import { dissolve, findGroup, type Group } from './group.ts'
import type { ReleaseReason } from './state.ts'

/** Undoes what was managed; two resources are of one kind when they have the same function. Its name is what logs show. */
export type ReleaseFunction<T> = (data: T) => void
/** Tells whether a resource is the one meant; left out: any. */
export type Match<T> = (data: T) => boolean

/** A resource on the list, as {@link DeviceResources.list} shows it. */
export interface Resource {
  readonly node: Pointer
  readonly release: string
  readonly size: number
}

/** An entry of the list: a resource, or a marker of the group in `marks`. */
export interface Node extends Resource {
  readonly data: unknown
  readonly run: ReleaseFunction<never> | null
  readonly marks: Group | null
}

interface Action {
  readonly action: ReleaseFunction<never>
  readonly data: unknown
}

/** The release function of every action, as Linux up to 6.3 logs it. */
function devm_action_release({ action, data }: Action): void {
  ;(action as ReleaseFunction<unknown>)(data)
}

const OPEN = 'grp<'
const CLOSE = 'grp>'
/** sizeof(struct devres_node) on 64-bit: where a group's closing marker lies behind its opening one. */
const MARKER_SIZE = 40
const ACTION_SIZE = 16

type Type = DevresPayload['type']
type Body<T extends Type> = Omit<Extract<DevresPayload, { type: T }>['data'], 'device'>

export class DeviceResources {
  readonly #core: DriverCore
  readonly #device: DeviceId
  #list: Node[] = []

  constructor(core: DriverCore, device: DeviceId) {
    this.#core = core
    this.#device = device
  }

  /** What is on the list, oldest first, group markers included. */
  list(): Resource[] {
    return this.#list.map(({ node, release, size }) => ({ node, release, size }))
  }

  get isEmpty(): boolean {
    return this.#list.length === 0
  }

  /** devres_alloc and devres_add; `size` in bytes. Returns the node's identity. */
  add<T>(release: ReleaseFunction<T>, data: T, size = 0): Pointer {
    return this.#append({ node: this.#pointer(), release: release.name, size, data, run: release, marks: null })
  }

  /** devres_find: the newest that fits, or undefined. */
  find<T>(release: ReleaseFunction<T>, match?: Match<T>): T | undefined {
    return this.#find(release, match)?.data as T | undefined
  }

  /** devres_get: the newest that fits, or else `data`, which is added. */
  get<T>(release: ReleaseFunction<T>, data: T, match?: Match<T>, size = 0): T {
    const found = this.#find(release, match)
    if (found !== undefined) return found.data as T
    this.add(release, data, size)
    return data
  }

  /** devres_remove: takes the newest that fits off the list, without running it; undefined when there is none. */
  remove<T>(release: ReleaseFunction<T>, match?: Match<T>): T | undefined {
    return this.#takeOff(release, match)?.node.data as T | undefined
  }

  /** devres_destroy: as {@link remove}, and forgets it. 0 or -ENOENT. */
  destroy<T>(release: ReleaseFunction<T>, match?: Match<T>): number {
    return this.#takeOff(release, match) === undefined ? errno.ENOENT : 0
  }

  /** devres_release: as {@link remove}, and runs it. 0 or -ENOENT. */
  release<T>(release: ReleaseFunction<T>, match?: Match<T>): number {
    const taken = this.#takeOff(release, match)
    if (taken === undefined) return errno.ENOENT
    this.#core.events.because(taken.seq, () => release(taken.node.data as T))
    return 0
  }

  /** devres_release_all: runs everything, newest first. Returns how many, group markers left out. */
  releaseAll(reason: ReleaseReason): number {
    const { events } = this.#core
    const started = events.on ? this.#say('devres/release-all-started', { listed: true }) : 0
    const { resources, groups } = dissolve(this.#list)
    this.#list = []
    events.because(started, () => this.#run(resources, groups))
    if (events.on) this.#say('devres/release-all-ended', { count: resources.length, reason })
    return resources.length
  }

  /** devm_add_action. */
  addAction<T>(action: ReleaseFunction<T>, data: T): void {
    this.add(devm_action_release, { action, data }, ACTION_SIZE)
  }

  /** devm_remove_action: forgets the newest such action; warns when there is none. */
  removeAction<T>(action: ReleaseFunction<T>, data: T): void {
    if (this.destroy(devm_action_release, (a) => a.action === action && a.data === data) !== 0) this.#warn('action-absent')
  }

  /** devm_release_action (since 5.2): runs the newest such action now; warns when there is none. */
  releaseAction<T>(action: ReleaseFunction<T>, data: T): void {
    if (!this.#core.rules.canReleaseAction) throw new TypeError('devm_release_action is not in the kernel of the seed')
    if (this.release(devm_action_release, (a) => a.action === action && a.data === data) !== 0) this.#warn('action-absent')
  }

  /** devres_open_group; without an id the group's own identity is its id. Returns the id. */
  openGroup(id?: unknown): unknown {
    const node = this.#pointer()
    const group: { id: unknown; open: Node; close: Node | null } = { id: id ?? node, open: undefined as unknown as Node, close: null }
    group.open = { node, release: OPEN, size: 0, data: null, run: null, marks: group }
    this.#append(group.open)
    return group.id
  }

  /** devres_close_group; no id: the newest open one. @throws Error when that group is closed already (BUG). */
  closeGroup(id?: unknown): void {
    const group = findGroup(this.#list, id)
    if (group === undefined) return this.#warn('group-absent')
    if (group.close !== null) throw new Error(`devres group ${String(id)} is closed twice (after event ${this.#core.events.seq})`)
    group.close = { node: hex(BigInt(group.open.node) + BigInt(MARKER_SIZE)), release: CLOSE, size: 0, data: null, run: null, marks: group }
    this.#append(group.close)
  }

  /** devres_remove_group: drops the markers; the resources stay. */
  removeGroup(id?: unknown): void {
    const group = findGroup(this.#list, id)
    if (group === undefined) return this.#warn('group-absent')
    this.#unlink(group.open)
    if (group.close !== null) this.#unlink(group.close)
  }

  /** devres_release_group: runs what was added since the group was opened, until it was closed. Returns how many. */
  releaseGroup(id?: unknown): number {
    const { events, rules } = this.#core
    const group = findGroup(this.#list, id)
    if (group === undefined) {
      if (!this.isEmpty || rules.warnsOfEmptyList) this.#warn('group-absent')
      return 0
    }
    const started = events.on ? this.#say('devres/release-group-started', { group: group.open.node }) : 0
    const first = this.#list.indexOf(group.open)
    const end = group.close === null ? this.#list.length : this.#list.indexOf(group.close) + 1
    const { resources, groups } = dissolve(this.#list.slice(first, end))
    const leaving = new Set([...resources, ...groups.map((g) => g.open)])
    this.#list = this.#list.filter((node) => !leaving.has(node))
    events.because(started, () => {
      for (const { close } of groups) if (close !== null) this.#unlink(close)
      this.#run(resources, groups)
    })
    if (events.on) this.#say('devres/release-group-ended', { count: resources.length })
    return resources.length
  }

  /** release_nodes: the dissolved groups' markers, then the resources, both from the last to the first. */
  #run(resources: readonly Node[], groups: readonly Group[]): void {
    const { events } = this.#core
    for (const node of [...resources, ...groups.map((g) => g.open)].toReversed()) {
      const { run, data } = node
      const seq = events.on ? this.#say('devres/released', this.#body(node)) : 0
      if (run !== null) events.because(seq, () => (run as ReleaseFunction<unknown>)(data))
    }
  }

  #find<T>(release: ReleaseFunction<T>, match?: Match<T>): Node | undefined {
    return this.#list.findLast((node) => node.run === release && (match === undefined || match(node.data as T)))
  }

  #takeOff<T>(release: ReleaseFunction<T>, match?: Match<T>): { node: Node; seq: number } | undefined {
    const node = this.#find(release, match)
    return node && { node, seq: this.#unlink(node) }
  }

  #append(node: Node): Pointer {
    this.#list.push(node)
    if (this.#core.events.on) this.#say('devres/added', this.#body(node))
    return node.node
  }

  #unlink(node: Node): number {
    this.#list.splice(this.#list.indexOf(node), 1)
    return this.#core.events.on ? this.#say('devres/removed', this.#body(node)) : 0
  }

  #pointer(): Pointer {
    return hex(this.#core.ids.next('devres') * 64)
  }

  #body({ node, release, size }: Node): Body<'devres/added'> {
    return { node, release, size }
  }

  #warn(warning: (typeof devresWarnings)[number]): void {
    if (this.#core.events.on) this.#say('devres/warned', { warning })
  }

  #say<T extends Type>(type: T, body: Body<T>): number {
    return this.#core.say(type, this.#device, body)
  }
}
