/** nvdimm_namespace_common_probe (drivers/nvdimm/namespace_devs.c). */
import { errno } from '@devtrail/events'
import { NdClaimant } from '../bus/nd-claimant.ts'
import type { NdDevice } from '../bus/nd-device.ts'
import { NdNamespace } from '../bus/nd-namespace.ts'

/** The namespace that a device is, or holds; or -ENODEV, -EBUSY (it is bound itself), -ENXIO (raw, and held by another), -EOPNOTSUPP (misaligned). */
export function commonProbe(device: NdDevice): NdNamespace | number {
  const ndns = device instanceof NdClaimant ? device.ndns : device instanceof NdNamespace ? device : null
  if (ndns === null) return errno.ENODEV
  const held = device === ndns ? heldByOther(ndns) : heldBy(device, ndns)
  return held || unfit(device, ndns) || ndns
}

function heldBy(device: NdDevice, ndns: NdNamespace): number {
  if (ndns.hasDriver) return errno.EBUSY
  if (ndns.claim?.name === device.name) return 0
  ndns.machine.warn(ndns.id, 'nvdimm_namespace_common_probe', `${ndns.name} is not held by ${device.name}`)
  return errno.ENXIO
}

const heldByOther = (ndns: NdNamespace): number => (ndns.claim === null ? 0 : errno.ENXIO)

function unfit(device: NdDevice, ndns: NdNamespace): number {
  const { namespaceBytesMin, mappedAlign } = ndns.machine.table
  if (ndns.size < namespaceBytesMin) return errno.ENODEV
  const isMisaligned = mappedAlign > 0 && (ndns.range.start % BigInt(mappedAlign) !== 0n || ndns.size % mappedAlign !== 0)
  if (isMisaligned && shouldMap(device, ndns)) return errno.EOPNOTSUPP
  return ndns.hasLabel && ndns.uuid === null ? errno.ENODEV : 0
}

/** `pmem_should_map_pages`: whether a raw namespace gets struct pages. */
export function shouldMap(device: NdDevice, ndns: NdNamespace): boolean {
  const { machine, region } = ndns
  if (!machine.zoneDevice || !region.pagemap || device !== ndns) return false
  return machine.rules === 'seed' || !ndns.forceRaw
}
