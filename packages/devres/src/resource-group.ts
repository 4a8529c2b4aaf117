/// <reference lib="esnext.disposable" preserve="true" />
/** The managed resources of a scope. */
import type { DeviceResources } from './devres.ts'

/**
 * A group as long as a scope lasts: what was added in it is released at the end, newest first, unless it was kept. As
 * with every group, resources added to the device by others meanwhile are in it too.
 */
export class ResourceGroup implements Disposable, AsyncDisposable {
  readonly #resources: DeviceResources
  readonly #id: unknown
  #isOver: boolean

  /** Opens it. Without memory for it (null id) there is no group, and nothing is released at the end. */
  constructor(resources: DeviceResources) {
    this.#resources = resources
    this.#id = resources.openGroup()
    this.#isOver = this.#id === null
  }

  /** Whether there is a group: there was memory for it, and it was neither kept nor released. */
  get isOpen(): boolean {
    return !this.#isOver
  }

  /** devres_remove_group: the resources stay with the device. */
  keep(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#resources.removeGroup(this.#id)
  }

  /** devres_release_group, once. */
  [Symbol.dispose](): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#resources.releaseGroup(this.#id)
  }

  /** The same, and waits for what takes time to dispose of. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    await this.#resources.releaseGroupAsync(this.#id)
  }
}
