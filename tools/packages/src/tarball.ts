import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type Published, run } from '@devtrail/workspace'

const TAR_BLOCK = 512

/** A package as it would be published. */
export interface Tarball {
  readonly file: string
  readonly bytes: number
  readonly unpackedBytes: number
  readonly files: number
}

/** What the headers of a tar archive say: how many files, how many bytes in them. */
export function measured(tar: Uint8Array): { files: number; bytes: number } {
  let files = 0
  let bytes = 0
  for (let at = 0; at + TAR_BLOCK <= tar.length && tar[at] !== 0;) {
    const field = (from: number, to: number): string => Buffer.from(tar.subarray(at + from, at + to)).toString('latin1')
    const size = Number.parseInt(field(124, 136), 8)
    if (Number.isNaN(size)) throw new Error(`not a tar archive: the header at byte ${at} has no size`)
    // '0' is a file; others tell of the next entry.
    if (field(156, 157) === '0') {
      files++
      bytes += size
    }
    at += TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK
  }
  return { files, bytes }
}

export function pack({ folder, manifest }: Published, pnpm: string, into: string): Tarball {
  const destination = join(into, manifest.name.replace('/', '-'))
  mkdirSync(destination)
  run('npx', ['--yes', pnpm, 'pack', '--pack-destination', destination], { cwd: folder })
  const [name] = readdirSync(destination)
  if (name === undefined) throw new Error(`packing ${manifest.name} left no tarball`)
  const file = join(destination, name)
  const packed = readFileSync(file)
  const { files, bytes } = measured(gunzipSync(packed))
  return { file, bytes: packed.length, unpackedBytes: bytes, files }
}
