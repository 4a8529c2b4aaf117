/** Whether Linux 6.1 on x86-64 makes a device of a pfn or dax superblock: another kernel, and an older one, may. */
import { errnoName } from '@devtrail/events'
import { decodePfn, effective, SUPPORTED_ALIGNMENTS, validatePfn } from '@devtrail/nvdimm-pmem/media'

/** A namespace begins at a multiple of this, if it can be mapped at all (SUBSECTION_SIZE). */
const STEP = 2 << 20
/** The largest alignment there is: where a namespace lies beyond that makes no difference. */
const ROUND = 1 << 30

/**
 * What 6.1 says of a namespace of `size` bytes at an address: 0, or an errno. The namespace and the device are taken for those the
 * superblock names.
 */
function answerAt(block: Uint8Array, start: number, size: number): number {
  const { kind, parentUuid } = decodePfn(block)
  const taken = validatePfn(block, { kind, start, size, parentUuid, uuid: null, supportedAlignments: SUPPORTED_ALIGNMENTS }, 'linux-6.1')
  return typeof taken === 'number' ? taken : 0
}

/** At each address that a namespace may have, as far as that makes a difference: the first that it is taken at, and what is said of the first of all. */
function answers(block: Uint8Array, size: number): { readonly refused: number; readonly takenAt: number | null } {
  const pad = effective(decodePfn(block)).startPad % STEP
  const first = pad === 0 ? 0 : STEP - pad
  const refused = answerAt(block, first, size)
  for (let at = first; at < first + ROUND; at += STEP) if (answerAt(block, at, size) === 0) return { refused, takenAt: at }
  return { refused, takenAt: null }
}

/** How its alignment comes about. */
function whyNot(block: Uint8Array): string {
  const { versionMinor, align } = effective(decodePfn(block))
  if (versionMinor >= 2) return `its alignment is ${align} bytes`
  return `version 1.${versionMinor} does not say its alignment, so that it follows from where the data begin: ${align} bytes. Versions from 1.2 on say it`
}

const hex = (address: number): string => `0x${address.toString(16)}`

/** A note that Linux 6.1 refuses a good superblock; null when it takes it. `start`: the namespace's address, null where it is not known. */
export function refusedNote(block: Uint8Array, start: number | null, size: number): string | null {
  const { refused, takenAt } = start === null ? answers(block, size) : { refused: answerAt(block, start, size), takenAt: null }
  if (refused === 0) return null
  // Where its alignment is said, it was laid out for an address, which may be any.
  if (takenAt !== null && effective(decodePfn(block)).versionMinor >= 2) return null
  const where =
    start !== null
      ? ` at address ${hex(start)}`
      : takenAt === null
        ? ', wherever the namespace lies'
        : ` where the namespace begins at a multiple of 1 GiB, though it may elsewhere (${hex(takenAt)} beyond one)`
  return `Linux 6.1 on x86-64 makes no device of this superblock (${errnoName(refused)})${where}: ${whyNot(block)}`
}
