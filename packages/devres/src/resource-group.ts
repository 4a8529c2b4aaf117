/// <reference lib="esnext.disposable" preserve="true" />
/** The managed resources of a scope. */

/** Whose groups they are: {@link DeviceResources}. */
export interface GroupOwner {
  openGroup(): unknown
  removeGroup(id: unknown): void
  releaseGroup(id: unknown): number
  releaseGroupAsync(id: unknown): Promise<number>
}

/**
 * A group as long as a scope lasts: what was added in it is released at the end, newest first, unless it was kept. As
 * with every group, resources added to the device by others meanwhile are in it too.
 */
export class ResourceGroup implements Disposable, AsyncDisposable {
  readonly #resources: GroupOwner
  readonly #id: unknown
  #isOver: boolean

  /** Opens it. Without memory for it (null id) there is no group, and nothing is released at the end. */
  constructor(resources: GroupOwner) {
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
