/**
 * What the READMEs show is what there is. Every `$ devtrail …` of a console block runs against dist; below it stands what
 * it prints (stderr, then stdout). README_UPDATE=1 writes what is printed now into the blocks, as many lines as there were.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aligned, renewed } from '@devtrail/readme'
import { afterAll, describe, expect, test } from 'vitest'
import { BIN, ROOT, Scratch } from './devtrail.ts'

const UPDATE = process.env['README_UPDATE'] === '1'
const SHOW_EXIT = '; echo "exit $?"'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

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

/** What a user says in a dialogue: the lines behind a prompt. */
const saidIn = (lines: readonly string[]): string => lines.flatMap((line) => /^\(\d+[^)]*\) (.*)$/.exec(line)?.[1] ?? []).join('\n')

async function run(command: string, shown: readonly string[]): Promise<string[]> {
  const showExit = command.endsWith(SHOW_EXIT)
  const plain = showExit ? command.slice(0, -SHOW_EXIT.length) : command
  const [name, ...args] = [...plain.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]!)
  expect(name, `a console block holds devtrail's commands only, found: ${command}`).toBe('devtrail')
  const { code, out, err } = await scratch.run(args, { cwd: ROOT, stdin: args[0] === 'debug' ? saidIn(shown) : '' })
  expect(showExit ? 0 : code, `${command}: a command that does not exit 0 is shown with ${SHOW_EXIT}`).toBe(0)
  const lines = `${err}${out}`.split('\n').slice(0, -1)
  return showExit ? [...lines, `exit ${code}`] : lines
}

describe.each(['README.md', 'apps/replay/README.md'])('%s', (file) => {
  const path = join(ROOT, file)
  const lines = readFileSync(path, 'utf8').split('\n')
  const shown = shownIn(lines)

  test.each(shown)('$command', async ({ command, from, to }) => {
    const before = lines.slice(from, to)
    const actual = await run(command, before)
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
