import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { broken, ok, type Finding } from './finding.ts'

export function nodeFinding(version: string, required: string): Finding {
  const min = Number(/\d+/.exec(required)?.[0])
  if (Number(version.split('.', 1)[0]) < min)
    return broken('node', `v${version}, ${min} or newer is needed`, `install Node.js ${min} or newer`)
  return ok('node', `v${version} on ${process.platform} ${process.arch}`)
}

/** Packs and unpacks: a Node can be built without. */
export function zstdFinding(): Finding {
  const bytes = Buffer.from('devtrail '.repeat(100))
  try {
    if (zstdDecompressSync(zstdCompressSync(bytes)).equals(bytes)) return ok('zstd', process.versions['zstd'] ?? 'there')
    throw new Error('other bytes came back')
  } catch (error) {
    return broken('zstd', `does not work (${(error as Error).message})`, 'use a Node.js from nodejs.org: this one is built without zstd')
  }
}
