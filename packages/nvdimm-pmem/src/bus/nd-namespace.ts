import { errno } from '@devtrail/events'
import type { PhysRange } from '@devtrail/memremap'
import { PartMedium } from '../media/part-medium.ts'
import { NULL_UUID } from '../media/uuid.ts'
import type { Medium } from '../media/medium.ts'
import { boolIn, numberIn, uuidIn } from './attribute-text.ts'
import { BadBlocks } from './bad-blocks.ts'
import type { Claimer } from './claims.ts'
import { NdDevice, unlessBound, type Attribute } from './nd-device.ts'
import type { NdRegion } from './nd-region.ts'

/** What a label can say that a namespace is for. */
const CLASSES: ReadonlySet<string> = new Set(['', 'btt', 'btt2', 'pfn', 'dax'])

/** `ndns->rw_bytes`: 0 or an errno. */
export type RwBytes = (at: number, data: Uint8Array, rw: 'read' | 'write') => number

/** A namespace of persistent memory: `nd_namespace_io` of a region without labels, or `nd_namespace_pmem`. */
export class NdNamespace extends NdDevice {
  readonly hasLabel: boolean
  uuid: string | null = null
  altName = ''
  /** Not to be searched for superblocks. */
  forceRaw = false
  /** What its label says it is for (`holder_class`, since 4.11): nothing, or btt, btt2, pfn or dax. */
  claimClass = ''
  /** Who holds it. */
  claim: Claimer | null = null
  /** How whoever holds it reads and writes bytes; set by the driver. */
  rwBytes: RwBytes | null = null
  /** `nsio->bb`. */
  readonly badBlocks = new BadBlocks()
  /** Bytes of it that are mapped for `rw_bytes` (`nsio->size`); 0: it is not enabled. */
  window = 0
  #at = 0
  #size = 0
  #medium: Medium | null = null

  constructor(region: NdRegion, index: number, hasLabel: boolean) {
    super(region, 'namespace', index)
    this.hasLabel = hasLabel
  }

  /** Whether its label lets it be taken by a kind of device. */
  isFor(kind: string): boolean {
    return this.claimClass === '' || this.claimClass.replace('2', '') === kind
  }

  /** Bytes. */
  get size(): number {
    return this.#size
  }

  /** Byte of the region at which it begins. */
  get at(): number {
    return this.#at
  }

  /** Physical addresses. */
  get range(): PhysRange {
    const start = this.region.start + BigInt(this.#at)
    return { start, end: start + BigInt(this.#size) - 1n }
  }

  /** Its bytes. */
  get medium(): Medium {
    if (this.#medium === null) throw new Error(`${this.name} has no bytes: its size is 0`)
    return this.#medium
  }

  /** The uuid that a superblock names as its parent. */
  get parentUuid(): string {
    return this.uuid ?? NULL_UUID
  }

  /** Places it within its region; the region knows where there is room. `medium`: its bytes, where they are not the region's. */
  place(at: number, size: number, medium?: Medium): void {
    this.#at = at
    this.#size = size
    this.#medium = size === 0 ? null : (medium ?? new PartMedium(this.region.medium, at, size))
  }

  /** What it is used as, as `mode` says. */
  get mode(): 'raw' | 'memory' | 'safe' | 'dax' {
    const held = this.claim?.name ?? ''
    if (held.startsWith('btt')) return 'safe'
    if (held.startsWith('pfn')) return 'memory'
    if (held.startsWith('dax')) return 'dax'
    return this.forceRaw || !this.region.pagemap ? 'raw' : 'memory'
  }

  readonly attributes: Readonly<Record<string, Attribute>> = {
    size: { show: () => `${this.#size}`, store: (value) => this.#whileFree(() => this.#storeSize(value)) },
    uuid: { show: () => this.uuid ?? '', store: (value) => this.#whileFree(() => this.#storeUuid(value)) },
    resource: { show: () => (this.#size === 0 ? errno.ENXIO : `0x${this.range.start.toString(16)}`) },
    mode: { show: () => this.mode },
    holder: { show: () => this.claim?.name ?? '' },
    holder_class: { show: () => this.claimClass.replace('2', ''), store: (value) => this.#whileFree(() => this.#storeClass(value.trim())) },
    force_raw: { show: () => (this.forceRaw ? '1' : '0'), store: (value) => this.#storeForceRaw(value) },
    alt_name: {
      show: () => this.altName,
      store: unlessBound(
        () => this,
        (value) => {
          this.altName = value.trim().slice(0, 63)
          return 0
        },
      ),
    },
  }

  #storeClass(value: string): number {
    if (!CLASSES.has(value)) return errno.EINVAL
    // btt_claim_class: labels of version 1.2 have a class of their own for a BTT that begins where its namespace does.
    this.claimClass = value === 'btt' && this.machine.table.labelsKnowClasses ? 'btt2' : value
    return 0
  }

  #storeForceRaw(value: string): number {
    const raw = boolIn(value)
    if (raw === null) return errno.EINVAL
    this.forceRaw = raw
    return 0
  }

  /** Of a namespace with a label: neither bound nor held. */
  #whileFree(store: () => number): number {
    if (!this.hasLabel) return errno.EACCES
    return this.hasDriver || this.claim !== null ? errno.EBUSY : store()
  }

  #storeUuid(value: string): number {
    const uuid = uuidIn(value)
    if (uuid === null) return errno.EINVAL
    this.uuid = uuid
    return 0
  }

  #storeSize(value: string): number {
    const size = numberIn(value)
    if (size === null || this.uuid === null) return size === null ? errno.EINVAL : errno.ENXIO
    return this.region.allocate(this, size)
  }
}
