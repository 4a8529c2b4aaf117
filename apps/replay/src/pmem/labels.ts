/** What the label area at the end of a backing file says of the namespaces in it. */
import type { Json } from '@devtrail/events'
import { labelAreaAt, type LabelArea } from '@devtrail/nvdimm-pmem/media'
import { LABEL_BYTES, type Image } from './image.ts'

export const labelsOf = ({ medium }: Image): LabelArea | null => labelAreaAt(medium, medium.size - LABEL_BYTES)

/** Why the kernel takes the namespace for something else than its superblock says; null when it does not, or when no label says so. */
export function contradictedBy({ superblock }: Image, area: LabelArea | null): string | null {
  if (superblock?.kind !== 'btt' || superblock.problem !== null || superblock.fields?.['version'] !== '2.0') return null
  const label = area?.labels.find(({ uuid }) => uuid === superblock.fields!['parent_uuid'])
  if (label === undefined || label.claim === 'btt2') return null
  const claim = label.claim === null || label.claim === 'none' ? 'as nothing' : `as ${label.claim}`
  return `its label (slot ${label.slot}) claims the namespace ${claim}, not as a BTT of version 2.0: the kernel does not look for one, and takes it for a raw namespace`
}

export const labelsJson = ({ at, version, labels, damaged }: LabelArea): Json => ({
  at,
  version,
  namespaces: labels.map(({ slot, uuid, name, claim, lbasize, dpa, rawsize }) => ({ slot, uuid, name, claim, lbasize, dpa, rawsize })),
  damaged: [...damaged],
})
