import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { House } from './bumps.ts'
import { publishedOf, versionsOf } from '@devtrail/workspace'

/** How the packages of a checkout hang together: their ranges, and the groups of .changeset/config.json. */
export function houseOf(root: string): House {
  const { fixed } = JSON.parse(readFileSync(join(root, '.changeset/config.json'), 'utf8')) as { fixed: string[][] }
  const dependencies = publishedOf(root).map(
    ({ manifest }) => [manifest.name, Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith('@devtrail/'))] as const,
  )
  return { versions: versionsOf(root), dependencies: new Map(dependencies), fixed }
}
