import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Consumer } from './consumer.ts'
import type { Registry } from './registry.ts'
import type { Published } from '@devtrail/workspace'

/** The compilers that a consumer may have: the newest of each major that is in use. */
export const COMPILERS = ['5.9', '6', '7'] as const
const NEWEST = { target: 'ESNext', lib: ['ESNext'], types: ['node'] }

/** What consumers have in their tsconfig: the newest of everything, or a plain target and no types but those that they import. */
const SETTINGS = [
  { name: 'nodenext', module: 'NodeNext', moduleResolution: 'NodeNext', ...NEWEST },
  { name: 'bundler', module: 'ESNext', moduleResolution: 'Bundler', ...NEWEST },
  { name: 'plain', module: 'NodeNext', moduleResolution: 'NodeNext', target: 'ES2022', types: [] },
] as const

/** What a package can be imported by: its name, and its name with each of its other entry points. */
export function entryPoints({ manifest }: Published): string[] {
  return Object.keys(manifest.exports ?? {})
    .filter((key) => key !== './package.json')
    .map((key) => manifest.name + key.slice(1))
}

/** Type-checks a program that imports every entry point, as TypeScript `version` sees it with each of the settings. */
export function typeCheck(folder: string, registry: Registry, packages: readonly Published[], version: string): string {
  const consumer = new Consumer(folder, registry)
  const names = packages.flatMap(entryPoints)
  const importable = packages.filter((it) => entryPoints(it).length > 0).map(({ manifest }) => `${manifest.name}@${manifest.version}`)
  consumer.install(...importable, `typescript@${version}`, '@types/node@24', 'rxjs@7')
  mkdirSync(join(folder, 'src'))
  const lines = names.map((name, i) => `import * as entry${i} from '${name}'`)
  writeFileSync(join(folder, 'src/index.ts'), `${lines.join('\n')}\nexport const all = [${names.map((_, i) => `entry${i}`).join(', ')}]\n`)
  for (const { name, ...settings } of SETTINGS) {
    const compilerOptions = { ...settings, strict: true, skipLibCheck: false, noEmit: true }
    const file = `tsconfig.${name}.json`
    writeFileSync(join(folder, file), JSON.stringify({ compilerOptions, include: ['src'] }))
    consumer.bin('tsc', '-p', file)
  }
  return `${names.length} entry points`
}
