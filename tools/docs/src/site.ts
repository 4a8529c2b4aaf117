import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { commandPage } from './command-page.ts'
import { deadLinksIn } from './dead-links.ts'
import { eventsPage } from './events-page.ts'
import { indexPage } from './index-page.ts'
import { kernelsPage } from './kernels-page.ts'
import type { Page } from './page.ts'
import { rulesPage } from './rules-page.ts'
import { manifestOf, ran, run } from '@devtrail/workspace'

const TYPEDOC = join(import.meta.dirname, '../typedoc')

const VALIDATION = { invalidLink: true, invalidPath: true, notExported: false, notDocumented: false, rewrittenLink: false }

const fileOf = ({ title, text }: Page): string => `---\ntitle: ${title}\ngroup: Reference\n---\n\n# ${title}\n\n${text}`

/** Where the sources are, as the packages say. */
function repositoryOf(root: string): Readonly<Record<string, string>> {
  const { repository } = manifestOf(join(root, 'packages/events')) as { readonly repository?: string | { readonly url: string } }
  const url = typeof repository === 'string' ? repository : repository?.url
  return url === undefined ? {} : { Repository: url.replace(/^git\+/, '').replace(/\.git$/, '') }
}

/** What TypeDoc is told: pages in the order of the menu, and the sources of all packages. */
function optionsOf(root: string, made: string, site: string): object {
  const docs = (name: string): string => join(root, 'docs', name)
  const packages = readdirSync(join(root, 'packages')).toSorted()
  return {
    name: 'devtrail',
    readme: join(made, 'index.md'),
    navigationLinks: repositoryOf(root),
    out: site,
    entryPointStrategy: 'packages',
    entryPoints: packages.map((name) => join(root, 'packages', name)),
    packageOptions: {
      entryPointStrategy: 'resolve',
      excludeInternal: true,
      tsconfig: 'tsconfig.json',
      skipErrorChecking: true,
      includeVersion: false,
      validation: VALIDATION,
    },
    projectDocuments: [
      docs('tutorial.md'),
      docs('how-to/*.md'),
      ...['events', 'rules', 'kernels', 'command'].map((name) => join(made, `${name}.md`)),
      join(root, 'packages/event-log/FORMAT.md'),
      join(root, 'packages/memremap/BUGS.md'),
      docs('compatibility.md'),
      docs('packages.md'),
      docs('scale.md'),
      join(root, 'GLOSSARY.md'),
    ],
    disableGit: true,
    disableSources: true,
    gitRevision: 'main',
    hideGenerator: true,
    searchInDocuments: true,
    navigation: { includeCategories: true, includeGroups: true, includeFolders: true },
    highlightLanguages: ['console', 'typescript', 'shellscript', 'json', 'javascript'],
    ignoredHighlightLanguages: ['text', 'mermaid'],
    validation: VALIDATION,
    sort: ['source-order'],
    groupOrder: ['Guides', 'Reference', 'Documents', 'Modules', '*'],
  }
}

/** Builds the site; gives what is wrong with it. Needs a build of the packages. */
export function buildSite(root: string, pnpm: string, site: string): string[] {
  run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile'], { cwd: TYPEDOC })
  const made = join(import.meta.dirname, '../made')
  rmSync(site, { recursive: true, force: true })
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made)
  for (const page of [eventsPage(), rulesPage(), kernelsPage(root), commandPage(root)])
    writeFileSync(join(made, `${page.name}.md`), fileOf(page))
  const up = relative(made, join(root, 'docs'))
  writeFileSync(join(made, 'index.md'), indexPage(readFileSync(join(root, 'docs/index.md'), 'utf8'), up))
  const options = join(made, 'typedoc.json')
  writeFileSync(options, JSON.stringify(optionsOf(root, made, site), null, 2))
  const { stdout, stderr } = ran(join(TYPEDOC, 'node_modules/.bin/typedoc'), ['--options', options], { cwd: root })
  const warnings = (stdout + stderr).split('\n').filter((line) => line.includes('[warning]'))
  return [...warnings, ...deadLinksIn(site)]
}
