/** What stands on a device's list. */
import type { Pointer } from '@devtrail/events'

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

/** By what a resource is looked up at once: in the kernel the two pointers that its match function compares. */
export interface LookupKey {
  readonly kind: unknown
  readonly data: unknown
}

/** An entry of the list: a resource, or a marker of the group in `marks`. */
export interface Node extends Resource {
  readonly data: unknown
  readonly run: ReleaseFunction<never> | null
  readonly marks: Group | null
  /** Null: only a search finds it. */
  readonly key: LookupKey | null
  /** In its caller's hands, on a list, or its memory is given back. */
  life: 'loose' | 'listed' | 'freed'
  /** Its place on its list; the list's affair. */
  at: number
}

/** A group: its opening marker and, once closed, its closing one. */
export interface Group {
  /** Chosen by the caller; without one the group itself is its id. */
  id: unknown
  open: Node
  close: Node | null
}

/** Memory for a managed resource, from devres_alloc until it is freed: on a list, or in the caller's hands. */
export interface DevresEntry<T> extends Resource {
  /** What was handed to devres_alloc. */
  readonly data: T
}
