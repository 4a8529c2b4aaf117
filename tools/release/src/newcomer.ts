import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { aligned, blocksOf, examplesOf, installedBy, linesOf } from '@devtrail/readme'
import type { Registry } from './registry.ts'
import { run } from '@devtrail/workspace'

/** What a newcomer may have to wait, from an empty folder to the first output, in seconds. */
const SECONDS_MAX = 60

/** How a machine gets to the network: no part of what a newcomer has to set up. */
const NETWORK = /^(https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|npm_config_registry)$/i

/** Somebody who has Node and npm and nothing else: an empty home, and no other command on the path. */
export class Newcomer {
  readonly #home: string
  readonly #env: Readonly<Record<string, string>>

  constructor(home: string, registry: Registry) {
    this.#home = home
    const bin = join(home, 'bin')
    mkdirSync(bin, { recursive: true })
    symlinkSync(process.execPath, join(bin, 'node'))
    symlinkSync(npmCli(), join(bin, 'npm'))
    const network = Object.entries(process.env).filter(([name, value]) => NETWORK.test(name) && value !== undefined)
    this.#env = { ...(Object.fromEntries(network) as Record<string, string>), HOME: home, PATH: bin, ...registry.env }
  }

  #run(command: string, args: readonly string[], cwd: string): string {
    return run(command, args, { cwd, env: this.#env, isBare: true })
  }

  /** Installs what a README says, and runs its first example. @returns how long that took. @throws when it prints something else, or took too long */
  example(readme: string, versions: ReadonlyMap<string, string>): string {
    const from = performance.now()
    const folder = join(this.#home, 'project')
    mkdirSync(folder)
    const blocks = blocksOf(readme)
    this.#run(join(this.#env['PATH']!, 'npm'), ['init', '--yes', '--init-type', 'module'], folder)
    this.#run(join(this.#env['PATH']!, 'npm'), ['install', ...installedBy(blocks).map((name) => `${name}@${versions.get(name)}`)], folder)
    const { code, output } = examplesOf(blocks)[0]!
    writeFileSync(join(folder, 'example.ts'), code)
    const told = linesOf(output)
    const got = aligned(told, linesOf(this.#run(join(this.#env['PATH']!, 'node'), ['example.ts'], folder)))
    if (JSON.stringify(told) !== JSON.stringify(got)) throw new Error(`the first example prints\n${got.join('\n')}`)
    const seconds = (performance.now() - from) / 1000
    if (seconds > SECONDS_MAX) throw new Error(`from npm install to the first output took ${seconds.toFixed(1)} s, over ${SECONDS_MAX}`)
    return `${seconds.toFixed(1)} s from an empty folder to the first output`
  }

  /** Installs the command for the whole machine, and looks what comes with it. */
  command(version: string): string {
    const prefix = join(this.#home, 'prefix')
    this.#run(join(this.#env['PATH']!, 'npm'), ['install', '--global', '--prefix', prefix, `@devtrail/replay@${version}`], this.#home)
    const devtrail = (...args: string[]): string => this.#run(join(prefix, 'bin/devtrail'), args, this.#home)
    const { works } = JSON.parse(devtrail('doctor', '--json')) as { works: boolean }
    if (!works) throw new Error(`devtrail doctor finds that it cannot work:\n${devtrail('doctor')}`)
    if (!devtrail('demo').includes('memremap/referenced-at-removal')) throw new Error('devtrail demo does not tell of the crash')
    const man = join(prefix, 'share/man/man1/devtrail.1')
    if (!existsSync(man)) throw new Error(`no man page was installed at ${man}`)
    if (!readFileSync(man, 'utf8').includes(`"devtrail ${version}"`)) throw new Error('the man page is of another version')
    return 'demo, doctor, man page'
  }
}

/** The npm that comes with Node, or the first on the path. */
function npmCli(): string {
  const beside = join(dirname(process.execPath), 'npm')
  const found = [beside, ...(process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'npm'))].find((file) => existsSync(file))
  if (found === undefined) throw new Error('there is no npm')
  return realpathSync(found)
}
