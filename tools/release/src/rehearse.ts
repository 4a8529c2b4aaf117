import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blocksOf, installedBy } from '@devtrail/readme'
import { reason as noNats, startServers } from '@devtrail/nats-server'
import { expectedBumps, type Level } from './bumps.ts'
import { Consumer } from './consumer.ts'
import { houseOf } from './house.ts'
import { Newcomer } from './newcomer.ts'
import { Release } from './publish.ts'
import { startRegistry, type Registry } from './registry.ts'
import { manifestOf, type Published, publishedOf, run } from '@devtrail/workspace'
import { Steps } from './steps.ts'
import { COMPILERS, typeCheck } from './typed-consumer.ts'

const told = (moves: ReadonlyMap<string, string>): string => `\n${[...moves].map(([name, move]) => `  ${name} ${move}`).join('\n')}\n `
const CHANGED = '@devtrail/percpu-ref'
const COMMAND = '@devtrail/replay'
/** Changes after which some packages have to move, and others must not. */
const TELLING: readonly (readonly [name: string, level: Level])[] = [
  [CHANGED, 'patch'],
  ['@devtrail/event-log', 'patch'],
  ['@devtrail/time-travel', 'minor'],
  [COMMAND, 'minor'],
]

/** A release from a fresh clone of `root` to strangers' projects, twice, on a registry that is gone afterwards. */
export async function rehearse(root: string, write: (text: string) => void): Promise<void> {
  const temp = mkdtempSync(join(tmpdir(), 'devtrail-release-'))
  const steps = new Steps(write)
  try {
    if (run('git', ['status', '--porcelain'], { cwd: root }) !== '') write('note: what is not committed is not rehearsed\n')
    const clone = join(temp, 'clone')
    await steps.step('clone', () => run('git', ['clone', '--quiet', '--no-hardlinks', root, clone], { cwd: temp }))
    const pnpm = manifestOf(clone).packageManager!
    const release = new Release(clone, pnpm)
    await steps.step('install', () => release.pnpm(['install', '--frozen-lockfile']))
    await using registry = await steps.step('registry', () =>
      startRegistry(join(clone, 'tools/release/registry'), join(temp, 'registry'), [pnpm]),
    )
    await steps.step(`version (${release.pending().length} changesets)`, () => release.version('release:version'), told)
    await firstRelease({ steps, release, registry, temp })
    await snapshot({ steps, release, registry, temp })
    await secondRelease({ steps, release, registry, temp })
  } finally {
    rmSync(temp, { recursive: true, force: true })
  }
}

interface Rehearsal {
  readonly steps: Steps
  readonly release: Release
  readonly registry: Registry
  readonly temp: string
}

const named = (names: readonly string[]): string => `\n${names.map((name) => `  ${name}`).join('\n')}\n `

async function firstRelease({ steps, release, registry, temp }: Rehearsal): Promise<void> {
  await steps.step('build, publish', () => release.publish(registry), named)
  const packages = publishedOf(release.root)
  for (const it of packages) await alone(it, { steps, release, registry, temp })
  await together(packages, { steps, release, registry, temp })
  await newcomer(packages, { steps, release, registry, temp })
  for (const version of COMPILERS) {
    const types = (): string => typeCheck(join(temp, `types-${version}`), registry, packages, version)
    await steps.step(`types, TypeScript ${version}, nodenext and bundler`, types, String)
  }
}

/** What a newcomer does: the README's install line in an empty folder, then its examples. */
async function alone({ folder, manifest }: Published, { steps, release, registry, temp }: Rehearsal): Promise<void> {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const versions = new Map(publishedOf(release.root).map((it) => [it.manifest.name, it.manifest.version]))
  const names = [...new Set([manifest.name, ...installedBy(blocksOf(readme))])]
  const work = async (): Promise<string> => {
    const consumer = new Consumer(join(temp, 'alone', manifest.name), registry)
    consumer.install(...names.map((name) => `${name}@${versions.get(name)}`))
    const needsNats = readme.includes('@nats-io/transport-node')
    if (needsNats && noNats !== null) {
      if (process.env['CI'] !== undefined) throw new Error(`its examples cannot be run: ${noNats}`)
      return `installed; its examples were not run: ${noNats}`
    }
    await using servers = needsNats ? await startServers(1) : null
    await servers?.connect()
    const env: Readonly<Record<string, string>> = servers === null ? {} : { NATS_URL: servers.urls[0]! }
    const examples = consumer.examples(readme, join(release.root, 'recordings'), env)
    return `${examples} examples, ${consumer.commands(readme)} commands`
  }
  await steps.step(`${manifest.name} alone`, work, String)
}

async function together(packages: readonly Published[], { steps, release, registry, temp }: Rehearsal): Promise<void> {
  const consumer = new Consumer(join(temp, 'together'), registry)
  await steps.step('all together', () => consumer.install(...packages.map(({ manifest }) => `${manifest.name}@${manifest.version}`)))
  const { version } = packages.find(({ manifest }) => manifest.name === COMMAND)!.manifest
  await steps.step('devtrail, installed', () => {
    if (consumer.bin('devtrail', '--version').trim() !== version) throw new Error('devtrail --version tells another version')
    consumer.bin('devtrail', 'state', join(release.root, 'recordings/linux-6.1/fsdax-splice'), '--json')
    return consumer.bin('devtrail', 'demo').includes('referenced-at-removal')
  })
}

/** With Node, npm and an empty home: a package to a working example, and the command. */
async function newcomer(packages: readonly Published[], { steps, release, registry, temp }: Rehearsal): Promise<void> {
  const somebody = new Newcomer(join(temp, 'newcomer'), registry)
  const versions = new Map(packages.map(({ manifest }) => [manifest.name, manifest.version]))
  const { folder } = packages.find(({ manifest }) => manifest.name === CHANGED)!
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  await steps.step(`newcomer: ${CHANGED}`, () => somebody.example(readme, versions), String)
  await steps.step('newcomer: the command', () => somebody.command(versions.get(COMMAND)!), String)
  if (release.pending().length > 0) throw new Error('changesets are left after the release')
}

/** Of all packages of the house that are installed. */
const versionsIn = ({ folder }: Consumer): string[] =>
  readdirSync(join(folder, 'node_modules/@devtrail')).map((name) => manifestOf(join(folder, 'node_modules/@devtrail', name)).version)

/** A release that nobody gets unless they ask for it by its tag. */
async function snapshot({ steps, release, registry, temp }: Rehearsal): Promise<void> {
  const back = run('git', ['rev-parse', 'HEAD'], { cwd: release.root }).trim()
  await steps.step('snapshot: version', () => release.version('release:snapshot'), told)
  await steps.step('snapshot: build, publish as canary', async () => {
    await release.publish(registry, '--tag', 'canary')
  })
  await steps.step(
    'snapshot: installs by its tag, and only so',
    () => {
      const canary = new Consumer(join(temp, 'canary'), registry)
      canary.install(`${COMMAND}@canary`)
      const latest = new Consumer(join(temp, 'latest'), registry)
      latest.install(COMMAND)
      const [inCanary, inLatest] = [versionsIn(canary), versionsIn(latest)]
      if (!inCanary.every((version) => version.includes('canary')) || inLatest.some((version) => version.includes('canary'))) {
        throw new Error(`canary is ${inCanary.join(', ')}; latest is ${inLatest.join(', ')}`)
      }
      canary.bin('devtrail', 'demo')
      return `${inCanary.length} packages, ${inCanary[0]}`
    },
    String,
  )
  run('git', ['reset', '--quiet', '--hard', back], { cwd: release.root })
}

function mustBe(moves: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): void {
  const [want, got] = [expected, moves].map((it) => [...it].toSorted(([a], [b]) => a.localeCompare(b)))
  if (JSON.stringify(want) !== JSON.stringify(got)) throw new Error(`expected${told(new Map(want))}\ngot${told(new Map(got))}`)
}

/** One package changes: what has to move moves, and nothing else. */
async function secondRelease({ steps, release, registry, temp }: Rehearsal): Promise<void> {
  const house = houseOf(release.root)
  for (const [name, level] of TELLING) {
    const work = (): string => {
      const moves = release.wouldMove({ [name]: level })
      mustBe(moves, expectedBumps(house, name, level))
      if (moves.size === house.versions.size) throw new Error('everything moves, which tells nothing')
      return `${moves.size} of ${house.versions.size} packages move, as they have to`
    }
    await steps.step(`${name}, ${level}`, work, String)
  }
  release.addChangeset('second', { [CHANGED]: 'minor' }, 'Something new.')
  run('git', ['add', '.changeset'], { cwd: release.root })
  const expected = expectedBumps(house, CHANGED, 'minor')
  const moves = await steps.step('second release: version', () => release.version(), told)
  await steps.step('second release: moved just what had to', () => mustBe(moves, expected))
  await steps.step('second release: build, publish', async () => {
    await release.publish(registry)
  })
  await alone(
    publishedOf(release.root).find(({ manifest }) => manifest.name === CHANGED)!,
    { steps, release, registry, temp: join(temp, 'second') },
  )
}
