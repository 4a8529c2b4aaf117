/** What the bytes of a namespace are when the machine starts. */
import { infoblocksIn, NULL_UUID, PartMedium, superblockOf, ZeroMedium, type Medium } from '@devtrail/nvdimm-pmem/media'
import { ScenarioError } from '../scenario/place.ts'
import type { NamespaceSpec } from '../scenario/scenario.ts'
import { sizeOf } from '../scenario/units.ts'
import { misfit } from './image-size.ts'

/** Opens an image that a scenario names; it is only read: what is stored is kept apart. */
export type OpenImage = (image: string) => Medium

/** Zeros, or its image. @throws ScenarioError for an image that cannot be had, or is of a namespace of another size. */
export function bytesFor({ image }: NamespaceSpec, place: string, size: number, open: OpenImage | null): Medium {
  if (image === undefined) return new ZeroMedium(size)
  if (open === null) throw new ScenarioError(`${place}.image`, 'nobody said here how an image is opened')
  const medium = open(image)
  const wrong = misfit(medium, size)
  if (wrong !== null) throw new ScenarioError(`${place}.size`, `the namespace has ${sizeOf(size)}, ${wrong} (${image})`)
  return medium.size === size ? medium : new PartMedium(medium, 0, size)
}

/** What the label of a namespace says that it is for, where its superblock is there already: a BTT of version 2.0 begins where it does. */
export function classOf(kind: string, medium: Medium): string {
  return kind === 'btt' && superblockOf(infoblocksIn(medium))?.at === 0 ? 'btt2' : kind
}

/** The uuid that the superblock on an image names as its namespace's, which that has by its label; null for none. */
export function parentOf(medium: Medium): string | null {
  const uuid = superblockOf(infoblocksIn(medium))?.fields?.['parent_uuid']
  return typeof uuid === 'string' && uuid !== NULL_UUID ? uuid : null
}
