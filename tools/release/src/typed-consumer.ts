import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Consumer } from './consumer.ts'
import type { Registry } from './registry.ts'
import type { Published } from '@devtrail/workspace'

/** The compilers that a consumer may have: the newest of each major that is in use. */
export const COMPILERS = ['5.9', '6', '7'] as const
const RESOLUTIONS = [
  { module: 'NodeNext', moduleResolution: 'NodeNext' },
  { module: 'ESNext', moduleResolution: 'Bundler' },
] as const

/** What a package can be imported by: its name, and its name with each of its other entry points. */
export function entryPoints({ manifest }: Published): string[] {
  return Object.keys(manifest.exports ?? {})
    .filter((key) => key !== './package.json')
    .map((key) => manifest.name + key.slice(1))
}

/** Type-checks a program that imports every entry point, as TypeScript `version` and each way of resolving see it. */
export function typeCheck(folder: string, registry: Registry, packages: readonly Published[], version: string): string {
  const consumer = new Consumer(folder, registry)
  const names = packages.flatMap(entryPoints)
  const importable = packages.filter((it) => entryPoints(it).length > 0).map(({ manifest }) => `${manifest.name}@${manifest.version}`)
  consumer.install(...importable, `typescript@${version}`, '@types/node@24', 'rxjs@7')
  mkdirSync(join(folder, 'src'))
  const lines = names.map((name, i) => `import * as entry${i} from '${name}'`)
  writeFileSync(join(folder, 'src/index.ts'), `${lines.join('\n')}\nexport const all = [${names.map((_, i) => `entry${i}`).join(', ')}]\n`)
  for (const resolution of RESOLUTIONS) {
    const compilerOptions = {
      ...resolution,
      target: 'ESNext',
      lib: ['ESNext'],
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
    }
    const file = `tsconfig.${resolution.moduleResolution}.json`
    writeFileSync(join(folder, file), JSON.stringify({ compilerOptions, include: ['src'] }))
    consumer.bin('tsc', '-p', file)
  }
  return `${names.length} entry points`
}
