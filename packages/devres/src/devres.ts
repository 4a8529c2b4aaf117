/**
 * The managed resources of one device (drivers/base/devres.c). A resource is data with a release function; it is
 * added at the end of the list, searched for from the end, and when the device goes the release functions run newest
 * first. What a release function adds meanwhile stays on the list for a later pass.
 */
import { errno, hex, type DeviceId, type Pointer } from '@devtrail/events'
import type { DriverCore } from './driver-core.ts'
import type { DevresPayload, devresWarnings } from './events.ts'
import { dissolve, findGroup, type Group } from './group.ts'
import { DEVRES_HEADER_BYTES, ManagedMemory, ZERO_SIZE_PTR, type MemoryPointer } from './managed-memory.ts'
import type { DevresEntry, Match, Node, ReleaseFunction, Resource } from './node.ts'
import { ResourceGroup } from './resource-group.ts'
import { runAll, runAllAsync, type Run } from './run-all.ts'
import type { ReleaseReason } from './state.ts'

interface Action {
  readonly action: ReleaseFunction<never>
  readonly data: unknown
}

/** The release function of every action, as Linux up to 6.3 logs it. */
function devm_action_release({ action, data }: Action): unknown {
  return (action as (data: unknown) => unknown)(data)
}

function dispose(disposable: Disposable): void {
  disposable[Symbol.dispose]()
}

function disposeAsync(disposable: AsyncDisposable): PromiseLike<void> {
  return disposable[Symbol.asyncDispose]()
}

/** The release function of managed memory, by whichever name of devm_kmalloc's it was asked for: nothing has to be undone. */
function devm_kzalloc_release(_memory: ManagedMemory): void {}

const OPEN = 'grp<'
const CLOSE = 'grp>'
/** sizeof(struct devres_node) on 64-bit: where a group's closing marker lies behind its opening one. */
const MARKER_SIZE = DEVRES_HEADER_BYTES
const ACTION_SIZE = 16

type Type = DevresPayload['type']
type Body<T extends Type> = Omit<Extract<DevresPayload, { type: T }>['data'], 'device'>

export class DeviceResources {
  readonly #core: DriverCore
  readonly #device: DeviceId
  #list: Node[] = []
  readonly #initialised: boolean

  /** `initialised`: false for a struct device that device_initialize never saw, whose list head is all zeros. */
  constructor(core: DriverCore, device: DeviceId, { initialised = true }: { readonly initialised?: boolean } = {}) {
    this.#core = core
    this.#device = device
    this.#initialised = initialised
  }

  /** What is on the list, oldest first, group markers included. */
  list(): Resource[] {
    return this.#list.map(({ node, release, size }) => ({ node, release, size }))
  }

  get isEmpty(): boolean {
    return this.#list.length === 0
  }

  /** devres_alloc: memory for a resource, on no list yet; `size` in bytes. Null when there is none to be had. */
  alloc<T>(release: ReleaseFunction<T>, data: T, size = 0): DevresEntry<T> | null {
    if (!this.#core.allocate()) return null
    return { node: this.#pointer(), release: release.name, size, data, run: release, marks: null } as Node & DevresEntry<T>
  }

  /** devres_free: gives an entry back that is on no list; null is fine. @throws Error for one that is (BUG). */
  free<T>(entry: DevresEntry<T> | null): void {
    if (entry !== null && this.#list.includes(entry as unknown as Node)) throw this.#bug(entry, 'is freed while it is on the list')
  }

  /** devres_add: at the end of the list. @throws Error for an entry that is on it already (BUG). */
  addEntry<T>(entry: DevresEntry<T>): void {
    if (this.#list.includes(entry as unknown as Node)) throw this.#bug(entry, 'is added while it is on the list')
    this.#append(entry as unknown as Node)
  }

  /** devres_alloc and devres_add; `size` in bytes. Returns the node's identity; null when there is no memory. */
  add<T>(release: ReleaseFunction<T>, data: T, size = 0): Pointer | null {
    const entry = this.alloc(release, data, size)
    if (entry === null) return null
    this.addEntry(entry)
    return entry.node
  }

  /** devres_find: the data of the newest that fits, or undefined. */
  find<T>(release: ReleaseFunction<T>, match?: Match<T>): T | undefined {
    return this.#find(release, match)?.data as T | undefined
  }

  /** devres_get: the newest that fits, and the new entry is freed; or else the new entry, which is added. */
  get<T>(entry: DevresEntry<T>, match?: Match<T>): T {
    const found = this.#find((entry as unknown as Node).run as ReleaseFunction<T>, match)
    if (found === undefined) this.addEntry(entry)
    else this.free(entry)
    return (found ?? entry).data as T
  }

  /** devres_remove: takes the newest that fits off the list, without running it; undefined when there is none. */
  remove<T>(release: ReleaseFunction<T>, match?: Match<T>): DevresEntry<T> | undefined {
    return this.#takeOff(release, match)?.node as unknown as DevresEntry<T> | undefined
  }

  /** devres_destroy: as {@link remove}, and frees it. 0 or -ENOENT. */
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

  /** devres_for_each_res: shows each that fits, newest first. What is shown must not change the list. */
  forEachRes<T>(release: ReleaseFunction<T>, match: Match<T> | undefined, visit: (data: T) => void): void {
    for (const { run, data } of this.#list.toReversed()) if (run === release && (match === undefined || match(data as T))) visit(data as T)
  }

  /**
   * devres_release_all: runs everything, newest first. Returns how many, group markers left out; -ENODEV, with a warning,
   * for a device that was never initialised. Release functions that throw do not keep others from being run.
   * @throws what they threw; TypeError, before anything is run, when a resource can only be released asynchronously.
   */
  releaseAll(reason: ReleaseReason): number {
    return this.#releaseAll(reason, (runs) => runAll(runs))
  }

  /** As {@link releaseAll}, and waits for what a release function returns before it runs the next. */
  async releaseAllAsync(reason: ReleaseReason): Promise<number> {
    let running: Promise<void> | undefined
    const count = this.#releaseAll(reason, (runs) => void (running = runAllAsync(runs)), true)
    await running
    return count
  }

  #releaseAll(reason: ReleaseReason, runEach: (runs: Iterable<Run>) => void, mayWait = false): number {
    const { events } = this.#core
    if (!this.#initialised) {
      this.#warn('not-initialised', 'devres_release_all')
      return errno.ENODEV
    }
    const { resources, groups } = dissolve(this.#list)
    if (!mayWait) this.#mustBeSync(resources)
    const started = events.on ? this.#say('devres/release-all-started', { listed: true }) : 0
    this.#list = []
    const end = (): void => {
      if (events.on) this.#say('devres/release-all-ended', { count: resources.length, reason })
    }
    events.because(started, () => runEach(this.#runs(resources, groups, end)))
    return resources.length
  }

  /** Every resource of the list, when the scope ends. */
  [Symbol.dispose](): void {
    this.releaseAll('explicit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.releaseAllAsync('explicit')
  }

  /** devm_add_action: 0, or -ENOMEM. */
  addAction<T>(action: ReleaseFunction<T>, data: T): number {
    return this.add(devm_action_release, { action, data }, ACTION_SIZE) === null ? errno.ENOMEM : 0
  }

  /** devm_add_action_or_reset (since 4.6): as {@link addAction}; when that fails the action is run at once. */
  addActionOrReset<T>(action: ReleaseFunction<T>, data: T): number {
    if (!this.#core.rules.canReset) throw new TypeError('devm_add_action_or_reset is not in the kernel of the seed')
    const error = this.addAction(action, data)
    if (error !== 0) action(data)
    return error
  }

  /** devm_remove_action: forgets the newest such action; warns when there is none. */
  removeAction<T>(action: ReleaseFunction<T>, data: T): void {
    if (this.destroy(devm_action_release, (a) => a.action === action && a.data === data) !== 0)
      this.#warn('action-absent', 'devm_remove_action')
  }

  /** devm_release_action (since 5.2): runs the newest such action now; warns when there is none. */
  releaseAction<T>(action: ReleaseFunction<T>, data: T): void {
    if (!this.#core.rules.canReleaseAction) throw new TypeError('devm_release_action is not in the kernel of the seed')
    if (this.release(devm_action_release, (a) => a.action === action && a.data === data) !== 0)
      this.#warn('action-absent', 'devm_release_action')
  }

  /** Takes over something that can be disposed of: it is, in its turn. Returns it; null when there is no memory, and it is disposed of at once. */
  manage<T extends Disposable>(disposable: T): T | null {
    if (this.addAction(dispose, disposable) === 0) return disposable
    disposable[Symbol.dispose]()
    return null
  }

  /** As {@link manage}, for what takes time to dispose of: then only {@link releaseAllAsync} releases this list. */
  manageAsync<T extends AsyncDisposable>(disposable: T): T | null {
    return this.addAction(disposeAsync, disposable) === 0 ? disposable : null
  }

  /** devm_kmalloc, zeroed: `size` bytes; {@link ZERO_SIZE_PTR} for none (in the seed a node of no bytes); null when there is no memory. */
  kmalloc(size: number): MemoryPointer {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`a size is a whole number from 0, found ${size}`)
    if (size === 0 && this.#core.rules.hasZeroSizePointer) return ZERO_SIZE_PTR
    const node = this.#memoryNode(size)
    if (node === null) return null
    this.#append(node)
    return node.data as ManagedMemory
  }

  /** devm_kmemdup: memory with a copy of `bytes`. */
  kmemdup(bytes: Uint8Array): MemoryPointer {
    const memory = this.kmalloc(bytes.length)
    if (memory instanceof ManagedMemory) memory.bytes.set(bytes)
    return memory
  }

  /** devm_kfree: frees memory of this device. Warns for what it did not allocate; 6.1 ignores null and {@link ZERO_SIZE_PTR}. */
  kfree(memory: MemoryPointer): void {
    if (this.#core.rules.hasZeroSizePointer && (memory === null || memory === ZERO_SIZE_PTR)) return
    if (this.destroy(devm_kzalloc_release, (m) => m === memory) !== 0) this.#warn('memory-absent', 'devm_kfree')
  }

  /**
   * devm_krealloc (since 5.10): the same memory where the slab object is large enough, else new memory with the old content
   * in the old one's place of the list. Null, with the old memory as it was, when there is none; null with a warning for
   * memory that is not of this device.
   */
  krealloc(memory: MemoryPointer, size: number): MemoryPointer {
    if (!this.#core.rules.canRealloc) throw new TypeError('devm_krealloc is not in the kernel of the seed')
    if (size === 0) {
      this.kfree(memory)
      return ZERO_SIZE_PTR
    }
    if (memory === null || memory === ZERO_SIZE_PTR) return this.kmalloc(size)
    // As in the kernel, nobody looks whose memory it is while it is large enough.
    if (size <= memory.capacity) return memory
    const old = this.#list.find(({ data, run }) => run === devm_kzalloc_release && data === memory)
    if (old === undefined) {
      this.#warn('memory-absent', 'devm_krealloc')
      return null
    }
    const next = this.#memoryNode(size)
    if (next === null) return null
    this.#list[this.#list.indexOf(old)] = next
    const grown = next.data as ManagedMemory
    grown.bytes.set(memory.bytes)
    if (this.#core.events.on) this.#say('devres/replaced', { ...this.#body(old), successor: next.node, successorSize: next.size })
    return grown
  }

  #memoryNode(size: number): Node | null {
    if (!this.#core.allocate()) return null
    const node = this.#pointer()
    const data = new ManagedMemory(node, size)
    return { node, release: devm_kzalloc_release.name, size, data, run: devm_kzalloc_release, marks: null }
  }

  /** devres_open_group; without an id the group's own identity is its id. Returns the id; null when there is no memory. */
  openGroup(id?: unknown): unknown {
    if (!this.#core.allocate()) return null
    const node = this.#pointer()
    const group: { id: unknown; open: Node; close: Node | null } = { id: id ?? node, open: undefined as unknown as Node, close: null }
    group.open = { node, release: OPEN, size: 0, data: null, run: null, marks: group }
    this.#append(group.open)
    return group.id
  }

  /** devres_close_group; no id: the newest open one. @throws Error when that group is closed already (BUG). */
  closeGroup(id?: unknown): void {
    const group = findGroup(this.#list, id)
    if (group === undefined) return this.#warn('group-absent', 'devres_close_group')
    if (group.close !== null) throw new Error(`devres group ${String(id)} is closed twice (after event ${this.#core.events.seq})`)
    group.close = { node: hex(BigInt(group.open.node) + BigInt(MARKER_SIZE)), release: CLOSE, size: 0, data: null, run: null, marks: group }
    this.#append(group.close)
  }

  /** devres_remove_group: drops the markers; the resources stay. */
  removeGroup(id?: unknown): void {
    const group = findGroup(this.#list, id)
    if (group === undefined) return this.#warn('group-absent', 'devres_remove_group')
    this.#unlink(group.open)
    if (group.close !== null) this.#unlink(group.close)
  }

  /**
   * devres_release_group: runs what was added since the group was opened, until it was closed. Returns how many.
   * @throws as {@link releaseAll}.
   */
  releaseGroup(id?: unknown): number {
    const { events, rules } = this.#core
    const group = findGroup(this.#list, id)
    if (group === undefined) {
      if (!this.isEmpty || rules.warnsOfEmptyList) this.#warn('group-absent', 'devres_release_group')
      return 0
    }
    const first = this.#list.indexOf(group.open)
    const end = group.close === null ? this.#list.length : this.#list.indexOf(group.close) + 1
    const { resources, groups } = dissolve(this.#list.slice(first, end))
    this.#mustBeSync(resources)
    const started = events.on ? this.#say('devres/release-group-started', { group: group.open.node }) : 0
    const leaving = new Set([...resources, ...groups.map((g) => g.open)])
    this.#list = this.#list.filter((node) => !leaving.has(node))
    const ended = (): void => {
      if (events.on) this.#say('devres/release-group-ended', { count: resources.length })
    }
    events.because(started, () => {
      for (const { close } of groups) if (close !== null) this.#unlink(close)
      runAll(this.#runs(resources, groups, ended))
    })
    return resources.length
  }

  /** A group for a scope: `using group = resources.group()` releases at the end what was added, unless it was kept. */
  group(): ResourceGroup {
    return new ResourceGroup(this)
  }

  /** release_nodes: the dissolved groups' markers, then the resources, both from the last to the first. */
  *#runs(resources: readonly Node[], groups: readonly Group[], end: () => void): Generator<Run> {
    const { events } = this.#core
    for (const node of [...resources, ...groups.map((g) => g.open)].toReversed()) {
      const { run, data } = node
      const seq = events.on ? this.#say('devres/released', this.#body(node)) : 0
      if (run !== null) yield () => events.because(seq, () => (run as (data: unknown) => unknown)(data))
    }
    end()
  }

  #mustBeSync(resources: readonly Node[]): void {
    if (resources.some(({ run, data }) => run === devm_action_release && (data as Action).action === disposeAsync))
      throw new TypeError('a managed resource can only be disposed of asynchronously: use releaseAllAsync, or await using')
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

  #warn(warning: (typeof devresWarnings)[number], by: string): void {
    if (this.#core.events.on) this.#say('devres/warned', { warning, by })
  }

  #bug({ node, release }: Resource, what: string): Error {
    return new Error(`${release} (node ${node}) ${what} (after event ${this.#core.events.seq})`)
  }

  #say<T extends Type>(type: T, body: Body<T>): number {
    return this.#core.say(type, this.#device, body)
  }
}
