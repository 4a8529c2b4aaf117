/** What a Markdown text shows of the command is what it prints. README_UPDATE=1 writes what is printed now, as many lines as there were. */
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { aligned, renewed, saidIn, SHOW_EXIT, shownIn, wordsOf } from '@devtrail/readme'
import { describe, expect, test } from 'vitest'
import { ROOT, Scratch } from './devtrail.ts'

const UPDATE = process.env['README_UPDATE'] === '1'

async function run(scratch: Scratch, command: string, shown: readonly string[]): Promise<string[]> {
  const showExit = command.endsWith(SHOW_EXIT)
  const [name, ...args] = wordsOf(showExit ? command.slice(0, -SHOW_EXIT.length) : command)
  expect(name, `a console block holds devtrail's commands only, found: ${command}`).toBe('devtrail')
  const { code, out, err } = await scratch.run(args, { stdin: args[0] === 'debug' ? saidIn(shown) : '' })
  expect(showExit ? 0 : code, `${command}: a command that does not exit 0 is shown with ${SHOW_EXIT}`).toBe(0)
  const lines = `${err}${out}`.split('\n').slice(0, -1)
  return showExit ? [...lines, `exit ${code}`] : lines
}

/** Runs each `$ devtrail …` of a file's console blocks against dist, one after the other in one folder that has the recordings. */
export function testShown(file: string, scratch: Scratch): void {
  const path = join(ROOT, file)
  const lines = readFileSync(path, 'utf8').split('\n')
  const shown = shownIn(lines)
  if (shown.length === 0) return

  describe(`what ${file} shows`, () => {
    test.each(shown)('$command', async ({ command, from, to }) => {
      const before = lines.slice(from, to)
      const actual = await run(scratch, command, before)
      const told = UPDATE ? renewed(before, actual) : before
      if (UPDATE) {
        const current = readFileSync(path, 'utf8').split('\n')
        current.splice(current.indexOf(`$ ${command}`) + 1, before.length, ...told)
        writeFileSync(path, current.join('\n'))
      }
      expect(aligned(told, actual)).toEqual(told)
    })

    test('no runnable command stands outside of the console blocks, where nothing would check it', () => {
      expect(new Set(shown.map((s) => s.command)).size, 'each command once').toBe(shown.length)
      const blocks = lines.join('\n').replaceAll(/```console\n[\s\S]*?```/g, '')
      expect([...blocks.matchAll(/devtrail \w+ recordings\/\S+/g)].map((m) => m[0])).toEqual([])
    })
  })
}

/** A folder in which commands name recordings, and what lies beside pages, as from the root of a checkout. */
export function scratchWithRecordings(): Scratch {
  const scratch = new Scratch()
  for (const folder of ['recordings', 'docs']) symlinkSync(join(ROOT, folder), scratch.path(folder))
  return scratch
}
