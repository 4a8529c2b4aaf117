import { NdBtt, type NdDevice } from '@devtrail/nvdimm-pmem'

/** What a device is told when it is to take a namespace. */
export interface Taking {
  /** The namespace. */
  readonly name: string
  readonly map?: 'dev' | 'mem'
  readonly sectorSize?: number
}

/** What is written to a device's attributes so that it takes a namespace, in the order of ndctl. */
export const configuration = (
  device: NdDevice,
  { name, map = 'dev', sectorSize = 4096 }: Taking,
  uuid: string,
): readonly (readonly [attribute: string, value: string])[] => [
  ['uuid', uuid],
  device instanceof NdBtt ? ['sector_size', `${sectorSize}`] : ['mode', map === 'dev' ? 'pmem' : 'ram'],
  ['namespace', name],
]
