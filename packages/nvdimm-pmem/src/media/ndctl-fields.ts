/** A superblock's fields under the names and in the order of `ndctl read-infoblock -j` (ndctl 76): as they are stored, whatever the version. */
import { decodeArenaInfo } from './arena-info.ts'
import { decodePfn } from './pfn-superblock.ts'
import { kindOf, signatures, SuperblockError } from './superblock.ts'

export type NdctlFields = { readonly [name: string]: string | number }

interface Common {
  readonly uuid: string
  readonly parentUuid: string
  readonly flags: number
  readonly versionMajor: number
  readonly versionMinor: number
}

const common = ({ uuid, parentUuid, flags, versionMajor, versionMinor }: Common): NdctlFields => ({
  uuid,
  parent_uuid: parentUuid,
  flags,
  version: `${versionMajor}.${versionMinor}`,
})

function bttFields(block: Uint8Array): NdctlFields {
  const info = decodeArenaInfo(block)
  const { externalLbasize, externalNlba, internalLbasize, internalNlba, nfree, infosize, nextoff, dataoff, mapoff, logoff, info2off } = info
  return {
    signature: signatures.btt,
    ...common(info),
    external_lbasize: externalLbasize,
    external_nlba: externalNlba,
    internal_lbasize: internalLbasize,
    internal_nlba: internalNlba,
    nfree,
    infosize,
    nextoff,
    dataoff,
    mapoff,
    logoff,
    info2off,
  }
}

function pfnFields(block: Uint8Array): NdctlFields {
  const sb = decodePfn(block)
  const { kind, dataoff, npfns, mode, startPad, endTrunc, align, pageSize, pageStructSize } = sb
  return {
    signature: signatures[kind],
    ...common(sb),
    dataoff,
    npfns,
    mode,
    start_pad: startPad,
    end_trunc: endTrunc,
    align,
    page_size: pageSize,
    page_struct_size: pageStructSize,
  }
}

/** @throws SuperblockError when it has no known signature, or an offset that no device has. */
export function ndctlFields(block: Uint8Array): NdctlFields {
  const kind = kindOf(block)
  if (kind === null) throw new SuperblockError('these bytes begin with none of BTT_ARENA_INFO, NVDIMM_PFN_INFO and NVDIMM_DAX_INFO')
  return kind === 'btt' ? bttFields(block) : pfnFields(block)
}
