/**
 * What the READMEs show is what there is. Every `$ devtrail …` of a console block runs against dist; below it stands what
 * it prints (stderr, then stdout), with `[…]` for lines left out and `…` at the end of a line that is cut.
 * README_UPDATE=1 writes what is printed now into the blocks, as many lines as there were.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, ROOT, Scratch } from './devtrail.ts'

const UPDATE = process.env['README_UPDATE'] === '1'
const OMITTED = '[…]'
const SHOW_EXIT = '; echo "exit $?"'

const scratch = new Scratch()
const temp = mkdtempSync(join(import.meta.dirname, '.readme-'))
afterAll(() => {
  scratch[Symbol.dispose]()
  rmSync(temp, { recursive: true, force: true })
})

interface Shown {
  readonly command: string
  /** First and last line of the output in the README, from 0, the last not included. */
  readonly from: number
  readonly to: number
}

/** The commands of the console blocks of a README, and where the output of each stands. */
function shownIn(lines: readonly string[]): Shown[] {
  const found: Shown[] = []
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '```console') continue
    const end = lines.indexOf('```', i)
    for (i++; i < end;) {
      const from = i + 1
      const next = lines.findIndex((line, at) => at >= from && (at >= end || line.startsWith('$ ')))
      found.push({ command: lines[i]!.slice(2), from, to: next })
      i = next
    }
  }
  return found
}

/** The lines between those left out: the first piece is at the start, the last at the end, unless `[…]` stands there. */
function pieces(lines: readonly string[]): string[][] {
  const all: string[][] = [[]]
  for (const line of lines) {
    if (line === OMITTED) all.push([])
    else all.at(-1)!.push(line)
  }
  return all
}

const fits = (shown: string, actual: string | undefined): boolean =>
  shown === actual || (shown.endsWith('…') && actual?.startsWith(shown.slice(0, -1)) === true)

/** The output with lines left out where a README leaves them out: equal to what it shows when that still fits. */
function aligned(shown: readonly string[], actual: readonly string[]): string[] {
  const all = pieces(shown)
  const result: string[] = []
  let at = 0
  for (const [i, piece] of all.entries()) {
    const last = i === all.length - 1
    const middle = (): number => actual.findIndex((_, from) => from >= at && piece.every((line, n) => fits(line, actual[from + n])))
    const from = i === 0 ? 0 : Math.max(at, last ? actual.length - piece.length : middle())
    at = last && i === 0 ? actual.length : from + piece.length
    if (i > 0) result.push(OMITTED)
    result.push(...actual.slice(from, at).map((line, n) => (piece[n] !== undefined && fits(piece[n], line) ? piece[n] : line)))
  }
  return result
}

/** Lines of a README are cut at this width. */
const WIDTH = 130
const cut = (line: string): string => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line)

/** What a README would show of this output: as many lines at the start and at the end as it shows now. */
function renewed(shown: readonly string[], actual: readonly string[]): string[] {
  const all = pieces(shown)
  if (all.length === 1) return actual.map(cut)
  if (all.length > 2) throw new Error('lines are left out in several places: cut this block anew by hand')
  const [head, tail] = all as [string[], string[]]
  return [...actual.slice(0, head.length).map(cut), OMITTED, ...(tail.length === 0 ? [] : actual.slice(-tail.length).map(cut))]
}

async function run(command: string): Promise<string[]> {
  const showExit = command.endsWith(SHOW_EXIT)
  const plain = showExit ? command.slice(0, -SHOW_EXIT.length) : command
  const [name, ...args] = [...plain.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!)
  expect(name, `a console block holds devtrail's commands only, found: ${command}`).toBe('devtrail')
  const { code, out, err } = await scratch.run(args, { cwd: ROOT })
  expect(showExit ? 0 : code, `${command}: a command that does not exit 0 is shown with ${SHOW_EXIT}`).toBe(0)
  const lines = `${err}${out}`.split('\n').slice(0, -1)
  return showExit ? [...lines, `exit ${code}`] : lines
}

describe.each(['README.md', 'apps/replay/README.md'])('%s', (file) => {
  const path = join(ROOT, file)
  const lines = readFileSync(path, 'utf8').split('\n')
  const shown = shownIn(lines)

  test.each(shown)('$command', async ({ command, from, to }) => {
    const actual = await run(command)
    const before = lines.slice(from, to)
    const told = UPDATE ? renewed(before, actual) : before
    if (UPDATE) {
      const current = readFileSync(path, 'utf8').split('\n')
      current.splice(current.indexOf(`$ ${command}`) + 1, before.length, ...told)
      writeFileSync(path, current.join('\n'))
    }
    expect(aligned(told, actual)).toEqual(told)
  })

  test('no runnable command stands outside of the console blocks, where nothing would check it', () => {
    expect(shown.length).toBeGreaterThan(0)
    expect(new Set(shown.map((s) => s.command)).size, 'each command once').toBe(shown.length)
    const blocks = lines.join('\n').replaceAll(/```console\n[\s\S]*?```/g, '')
    expect([...blocks.matchAll(/devtrail \w+ recordings\/\S+/g)].map((m) => m[0])).toEqual([])
  })
})

test('the table of commands in apps/replay/README.md names those there are', () => {
  const readme = readFileSync(join(ROOT, 'apps/replay/README.md'), 'utf8')
  const told = [...readme.matchAll(/^\| `([a-z]+)[ `]/gm)].map((m) => m[1])
  const help = spawnSync(process.execPath, [BIN, '--help'], { encoding: 'utf8' }).stdout
  const there = [...help.matchAll(/^ {2}([a-z]+) (?:\[|<| {2})/gm)].map((m) => m[1]).filter((name) => name !== 'help')
  expect(told).toEqual(there)
})

describe('the examples of the packages', () => {
  const examples = readdirSync(join(ROOT, 'packages')).flatMap((name) => {
    const readme = readFileSync(join(ROOT, 'packages', name, 'README.md'), 'utf8')
    const blocks = [...readme.matchAll(/```(ts|js)\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)```)?/g)]
    return blocks.map(([, language, code, output], i) => ({ name, i, language: language!, code: code!, output }))
  })

  test('there is one in every README', () => {
    expect([...new Set(examples.map((e) => e.name))]).toEqual(readdirSync(join(ROOT, 'packages')))
  })

  // Beside this file, since apps/replay is where every package of the house resolves.
  test.each(examples)('$name: runs and prints what it says', ({ name, i, language, code, output }) => {
    const folder = join(temp, `${name}-${i}`)
    mkdirSync(folder)
    writeFileSync(join(folder, `example.${language === 'ts' ? 'ts' : 'mjs'}`), code)
    const ran = spawnSync(process.execPath, [join(folder, `example.${language === 'ts' ? 'ts' : 'mjs'}`)], { cwd: ROOT, encoding: 'utf8' })
    expect([ran.stderr, ran.status]).toEqual(['', 0])
    expect(ran.stdout).not.toBe('')
    expect(language === 'js' || output !== undefined, 'an example in TypeScript is followed by what it prints').toBe(true)
    const printed = ran.stdout.split('\n').slice(0, -1)
    const told = output?.split('\n').slice(0, -1) ?? printed
    expect(aligned(told, printed)).toEqual(told)
  })
})

test('the tables of events are those of the catalogues', () => {
  const script = join(ROOT, 'scripts/event-tables.ts')
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=@devtrail/source', script, '--check'], { encoding: 'utf8' })
  expect([stderr, status]).toEqual(['', 0])
})
