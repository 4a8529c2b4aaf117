/** What the recorder's callbacks and allocations are called in the answers. */
import type { DeviceResources, DevresEntry, ManagedMemory } from '@devtrail/devres'
import type { Pointer } from '@devtrail/events'

/** What a release callback does after it logged itself. */
export type OnRelease =
  | { readonly do: 'add'; readonly uid: number; readonly id: number }
  | { readonly do: 'release_group'; readonly group: string }
  | { readonly do: 'find'; readonly release: string; readonly match: number | null }

/** The data of an entry made by devres_add or devres_get. */
export interface Item {
  readonly uid: number
  /** What the match function compares. */
  readonly id: number
  readonly onRelease: OnRelease | null
}

/** What is named, and where callbacks log. */
interface NamedFixture {
  readonly resources: DeviceResources
  readonly log: string[]
}

export class Named {
  readonly #fixture: NamedFixture
  readonly #labels = new Map<Pointer, string>()
  readonly #groups = new Map<string, unknown>()
  /** Entries that were taken out, by uid. */
  readonly taken = new Map<number, DevresEntry<Item>>()
  readonly memory = new Map<number, ManagedMemory>()

  constructor(fixture: NamedFixture) {
    this.#fixture = fixture
  }

  labelOf(node: Pointer): string {
    for (const [uid, memory] of this.memory) if (memory.node === node) return `k${uid}`
    return this.#labels.get(node) ?? `?${node}`
  }

  label(node: Pointer, label: string): void {
    this.#labels.set(node, label)
  }

  /** Names what was added at the end of the list. */
  labelLast(label: string): void {
    const last = this.#fixture.resources.list().at(-1)
    if (last !== undefined) this.label(last.node, label)
  }

  /** The two release functions, and the two actions. */
  readonly releases: Readonly<Record<string, (item: Item) => void>> = {
    A: (item) => this.#released('A', item),
    B: (item) => this.#released('B', item),
  }
  readonly actions: Readonly<Record<string, (data: number) => void>> = {
    a: (data) => void this.#fixture.log.push(`a${data}`),
    b: (data) => void this.#fixture.log.push(`b${data}`),
  }

  #released(name: string, { uid, onRelease }: Item): void {
    const { log, resources } = this.#fixture
    log.push(`${name}${uid}`)
    if (onRelease === null) return
    if (onRelease.do === 'add') this.add(name, { uid: onRelease.uid, id: onRelease.id, onRelease: null })
    else if (onRelease.do === 'release_group') log.push(`grp=${resources.releaseGroup(this.group(onRelease.group))}`)
    else log.push(`find=${resources.find(this.releases[onRelease.release]!, matchOf(onRelease.match))?.uid ?? -1}`)
  }

  add(release: string, item: Item): void {
    this.label(this.#fixture.resources.add(this.releases[release]!, item)!, `${release}${item.uid}`)
  }

  /** The id of a group in the model; undefined for NULL. One that was never opened is any other value. */
  group(name: string | null): unknown {
    if (name === null) return undefined
    return this.#groups.get(name) ?? name
  }

  /** A group whose id the model chose is known by a name of its own. */
  nameGroup(name: string, id: unknown): void {
    this.#groups.set(name, id)
  }
}

export const matchOf = (id: number | null): ((item: Item) => boolean) | undefined => (id === null ? undefined : (item) => item.id === id)
