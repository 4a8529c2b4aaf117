/** Every command and every program of the documentation runs and prints what stands below it; every link leads somewhere. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aligned, blocksOf, deadLinks, linesOf, wordsOf } from '@devtrail/readme'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT } from './devtrail.ts'
import { scratchWithRecordings, testShown } from './shown.ts'

const scratch = scratchWithRecordings()
// Beside this file, since apps/replay is where every package of the house resolves.
const temp = mkdtempSync(join(import.meta.dirname, '.docs-'))
afterAll(() => {
  scratch[Symbol.dispose]()
  rmSync(temp, { recursive: true, force: true })
})

const PAGES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name))
  .toSorted()

for (const page of PAGES) testShown(page, scratch)

/** What a block may be: a console with commands, a program and what it prints, a script, or something to look at. */
const LANGUAGES = ['console', 'ts', 'text', 'sh', 'mermaid']

describe.each(PAGES)('%s', (page) => {
  const blocks = blocksOf(readFileSync(join(ROOT, page), 'utf8'))

  test('has blocks that are run, and says what a program prints', () => {
    expect(blocks.map(({ language }) => language).filter((language) => !LANGUAGES.includes(language))).toEqual([])
    const programs = blocks.flatMap(({ language }, i) => (language === 'ts' ? [blocks[i + 1]?.language] : []))
    expect(programs.filter((next) => next !== 'text')).toEqual([])
    const printed = blocks.filter(({ language }) => language === 'text').length
    expect(printed, 'a text block is what the program before it prints').toBe(programs.length)
  })

  const programs = blocks.flatMap(({ language, text }, i) => (language === 'ts' ? [{ i, code: text, output: blocks[i + 1]!.text }] : []))
  test.skipIf(programs.length === 0)('its programs print what they are said to', () => {
    for (const { i, code, output } of programs) {
      const folder = join(temp, `${page.replaceAll(/\W/g, '-')}-${i}`)
      mkdirSync(folder)
      const file = join(folder, 'example.ts')
      writeFileSync(file, code)
      const ran = spawnSync(process.execPath, [file], {
        cwd: ROOT,
        env: { ...process.env, TMPDIR: folder },
        encoding: 'utf8',
        timeout: 30_000,
      })
      expect([ran.stderr, ran.status]).toEqual(['', 0])
      const told = linesOf(output)
      expect(aligned(told, linesOf(ran.stdout))).toEqual(told)
    }
  })
})

/**
 * Lines that need another machine, root or a crash cannot run here: of these every devtrail command must be one there is, with
 * options that it has, and every option of record.sh one that the script takes.
 */
describe.each(PAGES)('scripts of %s', (page) => {
  const scripts = blocksOf(readFileSync(join(ROOT, page), 'utf8')).filter(({ language }) => language === 'sh')
  const commands = scripts.flatMap(({ text }) => [...text.matchAll(/(?:^|\| |<\()(devtrail|sh record\.sh) ([^|>\n)]*)/gm)])

  test.skipIf(scripts.length === 0)('are whole, and made of what there is', async () => {
    expect(commands.length).toBeGreaterThan(0)
    for (const { text } of scripts) expect(spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' }).stderr).toBe('')
    const recorder = (await scratch.run(['record', '--print'])).out
    for (const [, name, rest] of commands) {
      const args = wordsOf(rest!.split(' -- ')[0]!)
      const options = args.filter((word) => /^--?[a-z]/.test(word))
      const help =
        name === 'devtrail' ? (await scratch.run([...args.filter((word) => /^[a-z]+$/.test(word)).slice(0, 1), '--help'])).out : recorder
      expect(help).not.toBe('')
      for (const option of options) expect(help, `${option} of ${name} ${rest}`).toMatch(new RegExp(`(^|[ ,\\[])${option}[ ),\\]]`, 'm'))
    }
  })
})

describe('the table of schema versions', () => {
  const page = readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8')
  const versions = new Map(
    [...page.matchAll(/^\| ((?:`[a-z ]+` ?)+) *\| (\d+) *\|$/gm)].flatMap(([, names, version]) =>
      [...names!.matchAll(/`([a-z ]+)`/g)].map((m) => [m[1]!, Number(version)] as const),
    ),
  )

  test('names every command that prints a document', async () => {
    const { out } = await scratch.run(['--help'])
    const commands = [...out.matchAll(/^ {2}([a-z]+) (?:\[|<| {2})/gm)].map((m) => m[1]!)
    const without = ['events', 'debug', 'serve', 'pmem', 'demo', 'completion', 'man', 'help']
    const told = [...versions.keys()].filter((name) => !name.includes(' '))
    expect(told.toSorted()).toEqual(commands.filter((name) => !without.includes(name)).toSorted())
  })

  test.each(['import', 'info', 'devices', 'state', 'iomem', 'refs', 'stuck', 'check'])('%s', async (command) => {
    const document = await scratch.json<{ schemaVersion: number }>([command, 'recordings/linux-6.1/fsdax-splice'])
    expect(document.schemaVersion).toBe(versions.get(command))
  })
})

const MARKDOWN = ['README.md', 'ARCHITECTURE.md', 'GLOSSARY.md', 'CONTRIBUTING.md', 'recordings/README.md', ...PAGES]
const READMES = ['packages', 'apps', 'tools'].flatMap((parent) =>
  readdirSync(join(ROOT, parent)).flatMap((name) =>
    readdirSync(join(ROOT, parent, name))
      .filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md')
      .map((file) => join(parent, name, file)),
  ),
)

test.each([...MARKDOWN, ...READMES])('%s has no dead link', (file) => {
  expect(deadLinks(join(ROOT, file), ROOT)).toEqual([])
})
