/** What a live tree says, and the incarnations of its nodes. */
import type { Emitter, Ids, RegionId } from '@devtrail/events'
import type { releaseHow, requestHow, ResourceTreePayload } from './events.ts'
import type { AddressRange } from './ranges.ts'
import type { Resource } from './resource.ts'

export type RequestHow = (typeof requestHow)[number]
export type ReleaseHow = (typeof releaseHow)[number]

type DataOf<T extends ResourceTreePayload['type']> = Extract<ResourceTreePayload, { type: T }>['data']

export class TreeEvents {
  readonly emitter: Emitter
  readonly #ids: Ids
  readonly #root: Resource
  readonly #name: string

  constructor(emitter: Emitter, ids: Ids, root: Resource, name: string) {
    this.emitter = emitter
    this.#ids = ids
    this.#root = root
    this.#name = name
    const { start, end } = root
    this.say('resource-tree/created', { root: name, start, end })
  }

  get seq(): number {
    return this.emitter.seq
  }

  /** Whether a node is in the tree; a subtree that was released is not, and what happens in it is no event. */
  holds(node: Resource): boolean {
    return node === this.#root || node.id !== null
  }

  say<T extends ResourceTreePayload['type']>(type: T, data: DataOf<T>): void {
    if (this.emitter.on) this.emitter.emit<ResourceTreePayload>(type, data)
  }

  /** Gives a node that comes into the tree its incarnation. */
  #enter(node: Resource): RegionId {
    node.root = this.#root
    return (node.id = this.#ids.next('region'))
  }

  /** A node was linked; `handedIn` are its flags without those the kernel added. `place` and `adopted` where the order of ranges does not tell. */
  granted(node: Resource, how: RequestHow, handedIn: bigint, place: number | null, adopted: number | null): void {
    const region = this.#enter(node)
    if (!this.emitter.on) return
    const { start, end, name, flags, desc, parent } = node
    const data = { root: this.#name, region, parent: parent!.id, start, end, name, flags: handedIn, how, pointer: null }
    this.say('resource-tree/requested', { ...data, nodeFlags: flags, desc, place, adopted })
  }

  carried(node: Resource, parent: RegionId): RegionId {
    const region = this.#enter(node)
    const { start, end, name, flags, desc } = node
    this.say('resource-tree/carried', { root: this.#name, region, parent, start, end, name, flags, desc })
    return region
  }

  refused({ start, end, name }: Resource, how: RequestHow, errno: number | null): void {
    this.say('resource-tree/refused', { root: this.#name, start, end, name, how, errno })
  }

  released(region: RegionId, { start, end, name }: Pick<Resource, 'start' | 'end' | 'name'>, how: ReleaseHow): void {
    const data = { root: this.#name, region, start, end, name: how === 'release_region' ? null : name, how, pointer: null }
    this.say('resource-tree/released', data)
  }

  releaseRefused({ start, end, name }: Pick<Resource, 'start' | 'end' | 'name'>, how: ReleaseHow, errno: number): void {
    this.say('resource-tree/release-refused', { root: this.#name, start, end, name, how, errno })
  }

  /** A resource took another range where it stands. */
  adjusted(resource: Resource): void {
    const { id, start, end } = resource
    if (resource === this.#root) this.say('resource-tree/root-adjusted', { root: this.#name, start, end })
    else if (id !== null) this.say('resource-tree/adjusted', { root: this.#name, region: id, start, end })
  }

  /** A node took another range and its place by it; it keeps its incarnation if it stays in the tree. */
  moved({ id, start, end, parent }: Resource, place: number | null): void {
    if (id !== null) this.say('resource-tree/moved', { root: this.#name, region: id, parent: parent!.id, start, end, place })
  }

  described({ id, name, flags, desc }: Resource): void {
    if (id !== null) this.say('resource-tree/described', { root: this.#name, region: id, name, flags, desc })
  }

  childrenReleased({ id }: Resource, count: number): void {
    this.say('resource-tree/children-released', { root: this.#name, region: id, count })
  }

  expanded({ start, end, name }: Resource, conflict: Resource): void {
    this.say('resource-tree/expanded', { root: this.#name, start, end, name, conflict: conflict.id })
  }

  split(lower: Resource, upper: Resource): void {
    if (lower.id === null) return
    const data = {
      root: this.#name,
      region: lower.id,
      end: lower.end,
      upper: this.#enter(upper),
      upperStart: upper.start,
      upperEnd: upper.end,
    }
    this.say('resource-tree/split', data)
  }

  waitStarted({ start, end, name }: Resource, conflict: Resource): void {
    this.say('resource-tree/wait-started', { root: this.#name, start, end, name, conflict: conflict.id })
  }

  waitEnded({ start, end, name }: Resource): void {
    this.say('resource-tree/wait-ended', { root: this.#name, start, end, name })
  }

  allocationFailed({ start, end }: AddressRange, by: 'request_region' | 'release_mem_region_adjustable'): void {
    this.say('resource-tree/allocation-failed', { root: this.#name, start, end, by })
  }

  warned(by: string, { start, end }: AddressRange, message: string): void {
    this.say('resource-tree/warned', { root: this.#name, start, end, by, message })
  }
}
