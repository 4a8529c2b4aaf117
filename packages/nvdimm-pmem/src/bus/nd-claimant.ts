/** What btt, pfn and dax devices share: a uuid, and a namespace that they hold. */
import { errno } from '@devtrail/events'
import { uuidIn } from './attribute-text.ts'
import { attachNdns, detachNdns, type Claimer } from './claims.ts'
import { NdDevice, unlessBound, type Attribute } from './nd-device.ts'
import type { NdNamespace } from './nd-namespace.ts'

/** Smaller namespaces are not taken. */
const CLAIMED_BYTES_MIN = 16 << 20

export abstract class NdClaimant extends NdDevice implements Claimer {
  uuid: string | null = null
  ndns: NdNamespace | null = null

  /** Back to what a seed is. */
  abstract reset(): void

  protected readonly claiming: Readonly<Record<'uuid' | 'namespace', Attribute>> = {
    uuid: {
      show: () => this.uuid ?? '',
      store: unlessBound(
        () => this,
        (value) => {
          const uuid = uuidIn(value)
          if (uuid !== null) this.uuid = uuid
          return uuid === null ? errno.EINVAL : 0
        },
      ),
    },
    namespace: {
      show: () => this.ndns?.name ?? '',
      store: unlessBound(
        () => this,
        (value) => this.#storeNamespace(value.trim()),
      ),
    },
  }

  /** `nd_namespace_store`, in its order. */
  #storeNamespace(name: string): number {
    if (name !== '' && !name.startsWith('namespace')) return errno.EINVAL
    if (name === '') return this.#letGo()
    if (this.ndns !== null) return errno.EBUSY
    const ndns = this.region.namespaces.find((ns) => ns.name === name)
    if (ndns === undefined) return errno.ENODEV
    if (!ndns.isFor(this.kind)) return errno.EBUSY
    if (ndns.size < CLAIMED_BYTES_MIN) return errno.ENXIO
    return attachNdns(this, ndns) ? 0 : errno.EBUSY
  }

  /** `nd_detach_and_reset`: a device that is no seed leaves the bus. */
  #letGo(): number {
    detachNdns(this)
    if (this.region.isSeed(this)) this.reset()
    else this.region.unregister(this)
    return 0
  }
}
