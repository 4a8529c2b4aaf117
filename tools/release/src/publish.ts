import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Registry } from './registry.ts'
import { publishedOf, run, versionsOf } from '@devtrail/workspace'
import { moved } from './bumps.ts'

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

  /** Takes the pending changesets into versions and changelogs; gives what moved. */
  version(...args: readonly string[]): Map<string, string> {
    const before = versionsOf(this.root)
    this.pnpm(['exec', 'changeset', 'version', ...args])
    run(
      'git',
      ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost', 'commit', '--all', '--quiet', '--message', 'version'],
      {
        cwd: this.root,
      },
    )
    return moved(before, versionsOf(this.root))
  }

  build(): void {
    this.pnpm(['run', 'build'])
  }

  /** Publishes what the registry does not have yet, and makes sure that it has it then. */
  async publish(registry: Registry, ...args: readonly string[]): Promise<string[]> {
    this.pnpm(['exec', 'changeset', 'publish', '--no-git-tag', ...args], registry.env)
    const names: string[] = []
    for (const { manifest } of publishedOf(this.root)) {
      const found = await fetch(`${registry.url}${manifest.name.replace('/', '%2f')}/${manifest.version}`, CLOSED)
      if (!found.ok) throw new Error(`${manifest.name}@${manifest.version} is not in the registry after publishing (${found.status})`)
      names.push(`${manifest.name}@${manifest.version}`)
    }
    return names
  }
}
