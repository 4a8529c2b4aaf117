import { readFileSync } from 'node:fs'

export interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
}

/** The package.json of the command itself. */
export const ownManifest = (): Manifest => JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest
