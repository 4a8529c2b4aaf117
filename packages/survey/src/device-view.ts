/** The JSON that `state` prints of a device, as types: the contract of docs/interfaces.md. */
import type { Bound, Count, Json } from '@devtrail/events'

export interface JsonList<T> {
  readonly known: readonly T[]
  readonly complete: boolean
  /** Members that were there before a gap and may be gone. */
  readonly possible?: readonly T[]
}

export interface RegionView {
  readonly start: string
  readonly end: string
  readonly name: string | null
}

export interface PageRefView {
  readonly pfn: string
  /** Base pages; a bound where the order is not known. */
  readonly pages: number | Bound
  /** Of the compound pages; null when not known. */
  readonly order: number | null
  readonly refcount: Count
  readonly idle: number
  readonly kind: 'get' | 'pin' | null
  readonly takenBy: { readonly pid: number; readonly comm: string } | null
  readonly holders?: readonly {
    readonly pid: number | null
    readonly comm: string | null
    readonly kind: 'get' | 'pin'
    readonly refs: number
  }[]
  readonly since: { readonly first: number; readonly last: number } | null
}

export interface PagemapView {
  readonly id: string | null
  readonly ranges: readonly { readonly start: string; readonly end: string }[] | null
  readonly learntAt?: number
  readonly type: string | null
  readonly state: string | null
  readonly altmap:
    | false
    | null
    | { readonly basePfn: string; readonly reserve: number; readonly free: number; readonly alloc: number | null }
  readonly ref: { readonly id: string | null; readonly mode: string | null; readonly dying: boolean | null; readonly count: Count }
  readonly pageRefs: JsonList<PageRefView>
}

export interface DevresView {
  readonly name: string | null
  readonly size: number | null
  readonly addedAt: number | null
}

export interface QueueView {
  readonly id: string
  readonly frozen: Count
  readonly dying: boolean | null
  readonly ref: { readonly id: string | null; readonly mode: string | null; readonly dying: boolean | null; readonly count: Count }
}

export interface DeviceView {
  readonly kind: string | null
  readonly bus?: string | null
  readonly presence?: string | null
  readonly driver?: { readonly name: string | null; readonly state: string | null }
  readonly lastProbe?: {
    readonly driver: string | null
    readonly error: string | null
    readonly outcome: string
    readonly seq: number
  } | null
  readonly devres?: JsonList<DevresView>
  readonly regions?: JsonList<RegionView>
  readonly pagemaps?: JsonList<PagemapView>
  readonly disk?: { readonly name: string; readonly state: string | null } | null
  readonly queue?: QueueView | null
  readonly namespace?: {
    readonly mode: string | null
    readonly map: string | null
    readonly size: number | null
    readonly uuid?: string | null
    readonly region: string | null
  }
  readonly comeBackAs?: string
}

export const asView = (device: { readonly [part: string]: Json }): DeviceView => device as unknown as DeviceView

/** Sequence numbers whose times the text form shows. */
export function seqsIn(view: DeviceView): number[] {
  const lists = [...(view.pagemaps?.known ?? []), ...(view.pagemaps?.possible ?? [])].map((p) => p.pageRefs)
  return lists.flatMap((l) => [...l.known, ...(l.possible ?? [])]).flatMap((r) => (r.since === null ? [] : [r.since.first]))
}
