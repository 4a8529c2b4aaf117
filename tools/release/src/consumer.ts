import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aligned, blocksOf, examplesOf, linesOf, saidIn, SHOW_EXIT, shownIn, wordsOf } from '@devtrail/readme'
import type { Registry } from './registry.ts'
import { run } from '@devtrail/workspace'

/** A stranger's project: an empty folder with a manifest. */
export class Consumer {
  readonly folder: string
  readonly #registry: Registry

  constructor(folder: string, registry: Registry) {
    this.folder = folder
    this.#registry = registry
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  }

  /** From the rehearsal's registry what is of the house, from where npm takes everything else what is not. */
  install(...packages: readonly string[]): void {
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: this.folder, env: this.#registry.env })
  }

  node(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
    return run(process.execPath, args, { cwd: this.folder, env })
  }

  bin(name: string, ...args: readonly string[]): string {
    return run(join(this.folder, 'node_modules/.bin', name), args, { cwd: this.folder })
  }

  /** Runs the examples of a README; throws when one prints anything else than stands below it. Gives how many ran. */
  examples(readme: string, recordings: string, env: Readonly<Record<string, string>> = {}): number {
    // Examples that read a recording name it as it lies in the repository.
    symlinkSync(recordings, join(this.folder, 'recordings'))
    const examples = examplesOf(blocksOf(readme))
    for (const [i, { code, output }] of examples.entries()) {
      writeFileSync(join(this.folder, `example-${i}.ts`), code)
      const told = linesOf(output)
      const got = aligned(told, linesOf(this.node([`example-${i}.ts`], env)))
      if (JSON.stringify(told) !== JSON.stringify(got)) {
        throw new Error(`example ${i + 1} prints\n${got.join('\n')}\nwhere the README says\n${told.join('\n')}`)
      }
    }
    return examples.length
  }

  /** Runs the commands of a README with what is installed here; throws when one prints anything else. Gives how many ran. */
  commands(readme: string): number {
    const lines = readme.split('\n')
    const shown = shownIn(lines)
    for (const { command, from, to } of shown) {
      const told = lines.slice(from, to)
      const [name, ...args] = wordsOf(command.replace(SHOW_EXIT, ''))
      const input = args[0] === 'debug' ? saidIn(told) : ''
      const env = { ...process.env, XDG_CACHE_HOME: join(this.folder, 'cache') }
      const ran = spawnSync(join(this.folder, 'node_modules/.bin', name!), args, { cwd: this.folder, env, input, encoding: 'utf8' })
      const printed = `${ran.stderr}${ran.stdout}${command.endsWith(SHOW_EXIT) ? `exit ${ran.status}\n` : ''}`
      const got = aligned(told, linesOf(printed))
      if (JSON.stringify(told) !== JSON.stringify(got)) {
        throw new Error(`${command} prints\n${got.join('\n')}\nwhere the README says\n${told.join('\n')}`)
      }
    }
    return shown.length
  }
}
