/** Who holds a namespace (drivers/nvdimm/claim.c): at most one btt, pfn or dax device, which names it in its slot. */
import type { NdNamespace } from './nd-namespace.ts'

/** Who can hold a namespace: a device, or one that autodetection is about to make. */
export interface Claimer {
  readonly name: string
  /** The namespace that it holds (`nd_btt->ndns`, `nd_pfn->ndns`). */
  ndns: NdNamespace | null
  /** `dev_get_drvdata`. */
  drvdata: unknown
}

/** `__nd_attach_ndns`: false when somebody holds the namespace already. */
export function attachNdns(by: Claimer, ndns: NdNamespace): boolean {
  if (ndns.claim !== null) return false
  if (by.ndns !== null) ndns.machine.warn(ndns.id, '__nd_attach_ndns', `${by.name} holds ${by.ndns.name} already`)
  ndns.claim = by
  by.ndns = ndns
  ndns.machine.say('nvdimm-pmem/namespace-claimed', { device: ndns.id, by: by.name }, ndns.id)
  return true
}

/** `__nd_detach_ndns`: nothing when it holds none. */
export function detachNdns(by: Claimer): void {
  const { ndns } = by
  if (ndns === null) return
  by.ndns = null
  if (ndns.claim !== by) ndns.machine.warn(ndns.id, '__nd_detach_ndns', `${ndns.name} is not held by ${by.name}`)
  ndns.claim = null
  ndns.machine.say('nvdimm-pmem/namespace-unclaimed', { device: ndns.id, by: by.name }, ndns.id)
}
