import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly packageManager?: string
  readonly repository?: { readonly url?: string; readonly directory?: string }
  readonly exports?: Readonly<Record<string, string | { readonly types: string }>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** A package that is published. */
export interface Published {
  readonly folder: string
  readonly manifest: Manifest
}

export const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

/** The packages of a checkout that are published, by name. */
export function publishedOf(root: string): Published[] {
  const found = ['packages', 'apps']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: manifestOf(folder) }))
    .filter(({ manifest }) => manifest.private !== true)
  if (found.length === 0) throw new Error(`there is no package that is published in ${root}`)
  return found.toSorted((a, b) => a.manifest.name.localeCompare(b.manifest.name))
}

export const versionsOf = (root: string): Map<string, string> =>
  new Map(publishedOf(root).map(({ manifest }) => [manifest.name, manifest.version]))

/** What a package can be imported by. */
export interface EntryPoint {
  /** `index`, `file`: the last part of its name. */
  readonly name: string
  /** `@devtrail/event-log/file` */
  readonly specifier: string
  /** The declarations that it resolves to, once built. */
  readonly types: string
}

export const entryPointsOf = ({ folder, manifest }: Published): EntryPoint[] =>
  Object.entries(manifest.exports ?? {}).flatMap(([key, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: key.slice(2) || 'index', specifier: manifest.name + key.slice(1), types: join(folder, target.types) }],
  )
