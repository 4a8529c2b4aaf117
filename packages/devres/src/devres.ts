/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The managed resources of one device (drivers/base/devres.c). A resource is data with a release function; it is
 * added at the end of the list, searched for from the end, and when the device goes the release functions run newest
 * first. What a release function adds meanwhile stays on the list for a later pass.
 */
import { errno, type DeviceId, type Pointer } from '@devtrail/events'
import { addAction, dispose, disposeAsync, hasToWait, mustBeSync, mustHave, takeAction } from './action.ts'
import { DevresList } from './devres-list.ts'
import type { DriverCore } from './driver-core.ts'
import { closeGroup, findGroup, openGroup, removeGroup } from './group.ts'
import { ManagedMemory, type MemoryPointer } from './managed-memory.ts'
import { freePages, getFreePages, kfree, kmalloc, krealloc } from './memory.ts'
import type { DevresEntry, Group, Match, Node, ReleaseFunction, Resource } from './node.ts'
import { ResourceGroup } from './resource-group.ts'
import { runAll, runAllAsync } from './run-all.ts'
import type { ReleaseReason } from './state.ts'

/** What a list may differ in. */
export interface DeviceResourcesInit {
  /** False for a struct device that device_initialize never saw, whose list head is all zeros. Default: true. */
  readonly initialised?: boolean
  /** Asked by {@link DeviceResources.manageAsync}: whether who releases the list next can wait. Default: it can. */
  readonly mayWait?: () => boolean
}

/** The devres list of one device. */
export class DeviceResources {
  readonly #list: DevresList

  readonly #mayWait: () => boolean

  constructor(core: DriverCore, device: DeviceId, { initialised = true, mayWait = () => true }: DeviceResourcesInit = {}) {
    this.#list = new DevresList(core, device, initialised)
    this.#mayWait = mayWait
  }

  /** What is on the list, oldest first, group markers included. */
  list(): Resource[] {
    return this.#list.nodes.map(({ node, release, size }) => ({ node, release, size }))
  }

  /** Whether nothing is on it, no group marker either. */
  get isEmpty(): boolean {
    return this.#list.isEmpty
  }

  /** Whether something on it can only be disposed of by waiting for it: see {@link manageAsync}. */
  get hasToWait(): boolean {
    return this.#list.nodes.some(hasToWait)
  }

  /**
   * devres_alloc: memory for a resource, on no list yet; `size` in bytes. Null when there is none to be had. @throws TypeError for a release function
   * that is none.
   */
  alloc<T>(release: ReleaseFunction<T>, data: T, size = 0): DevresEntry<T> | null {
    if (typeof release !== 'function') throw new TypeError(`a release function is a function, found ${typeof release}`)
    return this.#list.alloc({ release: release.name, size, data, run: release, marks: null, key: null }) as (Node & DevresEntry<T>) | null
  }

  /**
   * devres_free: gives an entry back that is on no list; null is fine. @throws Error for one that is on a list, of this device or another (BUG), or
   * that was freed or released already.
   */
  free<T>(entry: DevresEntry<T> | null): void {
    if (entry !== null) this.#loose(entry, 'freed').life = 'freed'
  }

  /** devres_add: at the end of the list. @throws Error for an entry that is on a list already (BUG), or that was freed or released. */
  addEntry<T>(entry: DevresEntry<T>): void {
    this.#list.append(this.#loose(entry, 'added'))
  }

  #loose(entry: object, what: string): Node {
    const node = entry as Node
    if (node.life === 'loose') return node
    throw this.#list.bug(node, node.life === 'listed' ? `is ${what} while it is on a list` : `is ${what} after it was freed or released`)
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
    return this.#list.find(release, match)?.data as T | undefined
  }

  /** devres_get: the newest that fits, and the new entry is freed; or else the new entry, which is added. */
  get<T>(entry: DevresEntry<T>, match?: Match<T>): T {
    const found = this.#list.find((entry as unknown as Node).run as ReleaseFunction<T>, match)
    if (found === undefined) this.addEntry(entry)
    else this.free(entry)
    return (found ?? entry).data as T
  }

  /** devres_remove: takes the newest that fits off the list, without running it; undefined when there is none. */
  remove<T>(release: ReleaseFunction<T>, match?: Match<T>): DevresEntry<T> | undefined {
    return this.#takeOff(release, match, 'loose')?.node as unknown as DevresEntry<T> | undefined
  }

  /** devres_destroy: as {@link remove}, and frees it. 0 or -ENOENT. */
  destroy<T>(release: ReleaseFunction<T>, match?: Match<T>): number {
    return this.#takeOff(release, match, 'freed') === undefined ? errno.ENOENT : 0
  }

  /** devres_release: as {@link remove}, and runs it. 0 or -ENOENT. */
  release<T>(release: ReleaseFunction<T>, match?: Match<T>): number {
    const taken = this.#takeOff(release, match, 'freed')
    if (taken === undefined) return errno.ENOENT
    this.#list.core.events.because(taken.seq, () => release(taken.node.data as T))
    return 0
  }

  #takeOff<T>(release: ReleaseFunction<T>, match: Match<T> | undefined, life: 'loose' | 'freed'): { node: Node; seq: number } | undefined {
    const node = this.#list.find(release, match)
    return node && { node, seq: this.#list.unlink(node, life) }
  }

  /** devres_for_each_res: shows each that fits, newest first. What is shown must not change the list. */
  forEachRes<T>(release: ReleaseFunction<T>, match: Match<T> | undefined, visit: (data: T) => void): void {
    for (const { run, data } of this.#list.nodes.toReversed())
      if (run === release && (match === undefined || match(data as T))) visit(data as T)
  }

  /**
   * devres_release_all: runs everything, newest first. Returns how many, group markers left out; -ENODEV, with a warning,
   * for a device that was never initialised. Release functions that throw do not keep others from being run.
   * @throws what they threw; TypeError, before anything is run, when a resource can only be released asynchronously.
   */
  releaseAll(reason: ReleaseReason): number {
    mustBeSync(this.#list.nodes, 'releaseAllAsync')
    return this.#list.releaseAll(reason, runAll)
  }

  /** As {@link releaseAll}, and waits for what a release function returns before it runs the next. */
  async releaseAllAsync(reason: ReleaseReason): Promise<number> {
    let running: Promise<void> | undefined
    const count = this.#list.releaseAll(reason, (runs) => void (running = runAllAsync(runs)))
    await running
    return count
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
    return addAction(this.#list, action, data) ? 0 : errno.ENOMEM
  }

  /** devm_add_action_or_reset (since 4.6): as {@link addAction}; when that fails the action is run at once. @throws TypeError under the seed. */
  addActionOrReset<T>(action: ReleaseFunction<T>, data: T): number {
    if (!this.#list.core.rules.canReset) throw new TypeError('devm_add_action_or_reset is not in the kernel of the seed')
    const error = this.addAction(action, data)
    if (error !== 0) action(data)
    return error
  }

  /** devm_remove_action: forgets the newest such action; warns when there is none. */
  removeAction<T>(action: ReleaseFunction<T>, data: T): void {
    if (takeAction(this.#list, action, data) === undefined) this.#list.warn('action-absent', 'devm_remove_action')
  }

  /** devm_release_action (since 5.2): runs the newest such action now; warns when there is none. @throws TypeError under the seed. */
  releaseAction<T>(action: ReleaseFunction<T>, data: T): void {
    if (!this.#list.core.rules.canReleaseAction) throw new TypeError('devm_release_action is not in the kernel of the seed')
    const taken = takeAction(this.#list, action, data)
    if (taken === undefined) this.#list.warn('action-absent', 'devm_release_action')
    else this.#list.core.events.because(taken, () => action(data))
  }

  /**
   * Takes over something that can be disposed of: it is, in its turn. Returns it; null when there is no memory, and it is disposed of at once.
   * @throws TypeError for what cannot be disposed of.
   */
  manage<T extends Disposable>(disposable: T): T | null {
    mustHave(disposable, Symbol.dispose)
    if (this.addAction(dispose, disposable) === 0) return disposable
    disposable[Symbol.dispose]()
    return null
  }

  /**
   * As {@link manage}, for what takes time to dispose of: then only {@link releaseAllAsync} releases this list. Null when there is no memory: it
   * is the caller's still, who waits for its disposal.
   * @throws TypeError as {@link manage}; also while the device is probed or unbound by a call that does not wait, which could not release it.
   */
  manageAsync<T extends AsyncDisposable>(disposable: T): T | null {
    mustHave(disposable, Symbol.asyncDispose)
    if (!this.#mayWait()) throw new TypeError('the device is probed or unbound by a call that cannot wait: use probeAsync and unbindAsync')
    return this.addAction(disposeAsync, disposable) === 0 ? disposable : null
  }

  /**
   * devm_kmalloc, zeroed: `size` bytes, a whole number from 0; {@link ZERO_SIZE_PTR} for none (in the seed a node of no bytes); null when there
   * is no memory. @throws RangeError
   */
  kmalloc(size: number): MemoryPointer {
    return kmalloc(this.#list, size)
  }

  /** devm_kmemdup: memory with a copy of `bytes`. */
  kmemdup(bytes: Uint8Array): MemoryPointer {
    const memory = this.kmalloc(bytes.length)
    if (memory instanceof ManagedMemory) memory.bytes.set(bytes)
    return memory
  }

  /**
   * devm_get_free_pages: the address, an identity, of 2^`order` pages; null when there is no memory. `order` is from 0 to 10. @throws RangeError
   */
  getFreePages(order: number): Pointer | null {
    return getFreePages(this.#list, order)
  }

  /** devm_free_pages: by their address; warns when there are no such pages of this device. */
  freePages(address: Pointer): void {
    freePages(this.#list, address)
  }

  /** devm_kfree: frees memory of this device. Warns for what it did not allocate; 6.1 ignores null and {@link ZERO_SIZE_PTR}. */
  kfree(memory: MemoryPointer): void {
    kfree(this.#list, memory)
  }

  /**
   * devm_krealloc (since 5.10): the same memory where the slab object is large enough, else new memory with the old content
   * in the old one's place of the list. Null, with the old memory as it was, when there is none; null with a warning for
   * memory that is not of this device. @throws TypeError under the rules of the seed; RangeError as {@link kmalloc}.
   */
  krealloc(memory: MemoryPointer, size: number): MemoryPointer {
    if (!this.#list.core.rules.canRealloc) throw new TypeError('devm_krealloc is not in the kernel of the seed')
    return krealloc(this.#list, memory, size)
  }

  /**
   * devres_open_group; without an id (undefined or null) the group's own identity is its id. Returns the id. Null when there is no memory: do not hand
   * that on, for to the other calls null means, as NULL does in the kernel, the newest group that is open.
   */
  openGroup(id?: unknown): unknown {
    return openGroup(this.#list, id)
  }

  /** devres_close_group; no id (undefined or null): the newest open one. @throws Error when that group is closed already (BUG). */
  closeGroup(id?: unknown): void {
    const group = this.#group(id, 'devres_close_group')
    if (group !== undefined) closeGroup(this.#list, group)
  }

  /** devres_remove_group: drops the markers; the resources stay. */
  removeGroup(id?: unknown): void {
    const group = this.#group(id, 'devres_remove_group')
    if (group !== undefined) removeGroup(this.#list, group)
  }

  /**
   * devres_release_group: runs what was added since the group was opened, until it was closed. Returns how many.
   * @throws as {@link releaseAll}.
   */
  releaseGroup(id?: unknown): number {
    const group = this.#groupToRelease(id)
    if (group === undefined) return 0
    mustBeSync(this.#list.rangeOf(group), 'releaseGroupAsync')
    return this.#list.releaseGroup(group, runAll)
  }

  /** As {@link releaseGroup}, and waits for what a release function returns before it runs the next. */
  async releaseGroupAsync(id?: unknown): Promise<number> {
    const group = this.#groupToRelease(id)
    if (group === undefined) return 0
    let running: Promise<void> | undefined
    const count = this.#list.releaseGroup(group, (runs) => void (running = runAllAsync(runs)))
    await running
    return count
  }

  /** A group for a scope: `using group = resources.group()` (or `await using`) releases at the end what was added, unless it was kept. */
  group(): ResourceGroup {
    return new ResourceGroup(this)
  }

  #groupToRelease(id: unknown): Group | undefined {
    const isSilent = this.isEmpty && !this.#list.core.rules.warnsOfEmptyList
    return isSilent ? undefined : this.#group(id, 'devres_release_group')
  }

  /** The group meant; warns, in the name of the function called, when there is none. */
  #group(id: unknown, by: string): Group | undefined {
    const group = findGroup(this.#list, id)
    if (group === undefined) this.#list.warn('group-absent', by)
    return group
  }
}
