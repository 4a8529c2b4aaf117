/** The media in recordings/media, as the kernel left them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

const FOLDER = join(import.meta.dirname, '../../../recordings/media')

export const mediaImages = ['btt-4096', 'crash-a-4096', 'crash-b-512', 'crash-c-4096', 'crash-d-512'] as const
/** The first bytes of namespaces of 2 GiB at 4 GiB, made by the kernel with every alignment that it offers. */
export const madeBeginnings = ['made-fsdax-dev-4K', 'made-fsdax-mem-2M', 'made-devdax-dev-1G', 'made-devdax-mem-4K'] as const
/** The first bytes of namespaces, and superblocks that ndctl wrote or read. */
export const mediaBeginnings = ['info-fsdax-dev', 'info-devdax-mem', 'pfn-v1.0', 'pfn-v1.1', 'pfn-v1.2', 'pfn-v1.3', 'pfn-v1.4'] as const

/** A whole backing file, the label area at its end included. */
export const imageBytes = (name: string): Uint8Array => new Uint8Array(zstdDecompressSync(readFileSync(join(FOLDER, `${name}.img.zst`))))

export const beginningBytes = (name: string): Uint8Array => new Uint8Array(gunzipSync(readFileSync(join(FOLDER, `${name}.bin.gz`))))

/** What `ndctl read-infoblock -j` printed of it, without the name of the file. */
export function infoblockOf(name: string): object {
  const [printed] = JSON.parse(readFileSync(join(FOLDER, `${name}.infoblock.json`), 'utf8')) as [{ file: string }]
  const { file: _, ...fields } = printed
  return fields
}
