import { NdBtt, type NdDevice, type NdNamespace } from '@devtrail/nvdimm-pmem'

/** How a device is to take a namespace. */
export interface Taking {
  readonly map?: 'dev' | 'mem'
  readonly sectorSize?: number
}

/** What is written to attributes so that a device takes a namespace, in the order of ndctl; a label also says what its namespace is for. */
export const configuration = (
  device: NdDevice,
  ns: NdNamespace,
  { map = 'dev', sectorSize = 4096 }: Taking,
  uuid: string,
): readonly (readonly [to: NdDevice, attribute: string, value: string])[] => [
  ...(ns.hasLabel ? [[ns, 'holder_class', device.kind] as const] : []),
  [device, 'uuid', uuid],
  device instanceof NdBtt ? [device, 'sector_size', `${sectorSize}`] : [device, 'mode', map === 'dev' ? 'pmem' : 'ram'],
  [device, 'namespace', ns.name],
]
