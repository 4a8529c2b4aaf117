import { errno, type Emitter, type Pfn } from '@devtrail/events'
import type { MemremapPayload } from '../events.ts'
import type { PageRules } from '../rules.ts'
import type { FreeingOwner, PageReferences } from './page-references.ts'
import type { StructPages } from './struct-pages.ts'

export interface SoftOfflineParts<P extends FreeingOwner> {
  readonly emitter: Emitter
  readonly rules: PageRules
  readonly pages: StructPages<P>
  readonly references: PageReferences<P>
}

/**
 * `soft_offline_page` of a device page: it is no page of online memory, hence -EIO. `counted` (MF_COUNT_INCREASED): the caller
 * has a reference that is to be given back in any case.
 */
export function softOffline<P extends FreeingOwner>(parts: SoftOfflineParts<P>, pfn: Pfn, counted: boolean): number {
  if (counted && parts.rules.softOfflinePuts) parts.references.put(pfn)
  const pagemap = parts.pages.at(pfn)?.pagemap ?? null
  if (parts.emitter.on)
    parts.emitter.emit<MemremapPayload>('memremap/soft-offlined', { pfn, pagemap: pagemap?.id ?? null, errno: errno.EIO, counted })
  return errno.EIO
}
