import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { manifestOf, type Manifest } from '@devtrail/workspace'

/** Where a dependency of a package lies, as Node looks for it. */
function folderOf(name: string, from: string): string {
  for (let at = realpathSync(from); ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
    if (dirname(at) === at) throw new Error(`${name}, on which ${from} depends, is not installed`)
  }
}

/** All packages that installing one brings, itself left out, by name; optional peers come only when asked for. */
export function broughtBy(folder: string, seen: Set<string> = new Set()): Set<string> {
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }: Manifest = manifestOf(folder)
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  for (const name of [...Object.keys(dependencies), ...peers]) {
    if (seen.has(name)) continue
    seen.add(name)
    broughtBy(folderOf(name, folder), seen)
  }
  return seen
}
