import { readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Registry } from './registry.ts'
import { type Manifest, publishedOf, run, versionsOf } from '@devtrail/workspace'
import { moved } from './bumps.ts'

/** Where the workflows publish from. npm refuses provenance of a package that names another place, or none. */
const REPOSITORY = 'git+https://github.com/devtrail/devtrail.git'

function mustTellItsPlace({ name, repository }: Manifest, folder: string): void {
  if (repository?.url === REPOSITORY && repository.directory === folder) return
  throw new Error(`${name} should name ${REPOSITORY}, ${folder} as its repository, not ${repository?.url}, ${repository?.directory}`)
}

// Commands block this thread for so long that a connection kept open would be closed by the other side, unnoticed.
const CLOSED = { headers: { connection: 'close' } }

/** A checkout in which a release is made as a maintainer would make it. */
export class Release {
  readonly root: string
  readonly #pnpm: string

  constructor(root: string, pnpm: string) {
    this.root = root
    this.#pnpm = pnpm
  }

  pnpm(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
    return run('npx', ['--yes', this.#pnpm, ...args], { cwd: this.root, env: { CI: 'true', ...env } })
  }

  pending(): string[] {
    return readdirSync(join(this.root, '.changeset')).filter((name) => name.endsWith('.md') && name !== 'README.md')
  }

  addChangeset(name: string, changes: Readonly<Record<string, string>>, says: string): void {
    const lines = Object.entries(changes).map(([of, level]) => `'${of}': ${level}`)
    writeFileSync(join(this.root, '.changeset', `${name}.md`), `---\n${lines.join('\n')}\n---\n\n${says}\n`)
  }

  /**
   * Takes the pending changesets into versions and changelogs, by the script that the release's workflow calls; gives what moved.
   * Versions that are to be looked at only need nothing built, and are made by changesets alone.
   */
  version(by: 'release:version' | 'release:snapshot' | 'changesets' = 'changesets'): Map<string, string> {
    const before = versionsOf(this.root)
    this.pnpm(by === 'changesets' ? ['exec', 'changeset', 'version'] : ['run', by])
    run(
      'git',
      ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost', 'commit', '--all', '--quiet', '--message', 'version'],
      {
        cwd: this.root,
      },
    )
    return moved(before, versionsOf(this.root))
  }

  /** What would move if this changed. */
  wouldMove(changes: Readonly<Record<string, string>>): Map<string, string> {
    const back = run('git', ['rev-parse', 'HEAD'], { cwd: this.root }).trim()
    this.addChangeset('would-move', changes, 'Something.')
    run('git', ['add', '.changeset'], { cwd: this.root })
    try {
      return this.version()
    } finally {
      run('git', ['reset', '--quiet', '--hard', back], { cwd: this.root })
    }
  }

  /** Builds, publishes what the registry does not have yet, and makes sure that it has it then as it should be. */
  async publish(registry: Registry, ...args: readonly string[]): Promise<string[]> {
    this.pnpm(['run', 'release', '--no-git-tag', ...args], registry.env)
    const names: string[] = []
    for (const { folder, manifest } of publishedOf(this.root)) {
      const found = await fetch(`${registry.url}${manifest.name.replace('/', '%2f')}/${manifest.version}`, CLOSED)
      if (!found.ok) throw new Error(`${manifest.name}@${manifest.version} is not in the registry after publishing (${found.status})`)
      mustTellItsPlace((await found.json()) as Manifest, relative(this.root, folder))
      names.push(`${manifest.name}@${manifest.version}`)
    }
    return names
  }
}
