/** What the completion scripts offer, asked of the shells themselves, and the man page as man renders it. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BIN, Scratch } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) scratch.write(`completion.${shell}`, (await scratch.run(['completion', shell])).out)
  scratch.write('devtrail.1', (await scratch.run(['man'])).out)
  scratch.write('a trace.txt', '')
  mkdirSync(scratch.path('bin'))
  chmodSync(scratch.write('bin/devtrail', `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`), 0o755)
})

interface Shell {
  readonly name: string
  /** Whether an answer is what is offered and nothing else, not a whole screen. */
  readonly isExact: boolean
  readonly ask: (line: string) => string[]
}

function ran(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const options = { cwd: scratch.folder, env: { ...process.env, LC_ALL: 'C.UTF-8', ...env }, encoding: 'utf8', timeout: 30_000 } as const
  const { stdout, stderr } = spawnSync(command, args, options)
  expect(stderr).toBe('')
  return stdout
}

const words = (text: string): string[] => text.split('\n').filter(Boolean)

const bash: Shell = {
  name: 'bash',
  isExact: true,
  ask: (line) => {
    const script = `source completion.bash
      complete -p devtrail > /dev/null || exit 1
      COMP_WORDS=(${line.replaceAll('=', ' = ')}); [[ $1 != *' ' ]] || COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      # Only a function that readline called can use compopt.
      compopt() { :; }
      _devtrail; printf '%s\\n' "\${COMPREPLY[@]}"`
    return words(ran('bash', ['--noprofile', '--norc', '-c', script, 'bash', line]))
  },
}

const fish: Shell = {
  name: 'fish',
  isExact: true,
  ask: (line) =>
    words(ran('fish', ['--no-config', '-c', 'source completion.fish; complete -C $argv[1]', line], { HOME: scratch.folder })).map(
      (offered) => offered.split('\t')[0]!,
    ),
}

/** A terminal with a zsh in it, a line, a Tab, and what is on the screen then. */
const ZSH = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=""; autoload -Uz compinit; compinit -u -D; source completion.zsh; LISTMAX=0; stty cols 300 rows 200; print BE""GIN'
while zpty -r shell text; do [[ $text == *BEGIN* ]] && break; done
zpty -w -n shell "$1"$'\\t'
zpty -w -n shell $'\\t'
sleep 0.3
zpty -w -n shell $'\\C-u'"print EN""D"$'\\n'
while zpty -r shell text; do print -rn -- $text; [[ $text == *END* ]] && break; done
`
const zsh: Shell = {
  name: 'zsh',
  isExact: false,
  ask: (line) => stripVTControlCharacters(ran('zsh', ['-f', '-c', ZSH, 'zsh', line])).split(/\s+/),
}

describe.each([bash, zsh, fish])('completion for $name', ({ name, isExact, ask }) => {
  const offers: readonly (readonly [line: string, wanted: readonly string[]])[] = [
    ['devtrail pm', ['pmem']],
    ['devtrail pmem c', ['cat', 'check', 'create']],
    ['devtrail pmem create --m', ['--map', '--mode']],
    ['devtrail pmem create --mode ', ['sector', 'fsdax', 'devdax']],
    ['devtrail check --rule devres/release-', ['devres/release-order', 'devres/release-count']],
    ['devtrail events --type kernel/', ['kernel/warned', 'kernel/console', 'kernel/marked', 'kernel/returned']],
    ['devtrail completion ', ['bash', 'zsh', 'fish']],
    ['devtrail help wh', ['why']],
  ]

  test.skipIf(!has(name)).each(offers)('%s', (line, wanted) => {
    const offered = ask(line)
    const found = isExact ? offered : wanted.filter((word) => offered.includes(word))
    expect(found.toSorted()).toEqual(wanted.toSorted())
  })

  test.skipIf(!has(name) || !isExact)('files where a LOG is wanted, and nothing where nothing is', () => {
    expect(ask('devtrail check a').map((file) => file.replaceAll('\\', ''))).toEqual(['a trace.txt'])
    expect(ask('devtrail demo ')).toEqual([])
    expect(ask('devtrail help pmem ')).toEqual([])
  })
})

test('bash takes --option=value', () => {
  expect(bash.ask('devtrail check --rule=devres/release-o')).toEqual(['devres/release-order'])
})

describe('the man page', () => {
  test.skipIf(!has('groff'))('is roff without a fault', () => {
    expect(ran('groff', ['-man', '-Tutf8', '-Kutf8', '-ww', 'devtrail.1'])).toContain('devtrail')
  })

  test.skipIf(!has('man'))('says of every command what --help says', async () => {
    const page = ran('man', ['-l', 'devtrail.1'], { MANWIDTH: '400', GROFF_NO_SGR: '' })
    const flat = page.replaceAll(/\s+/g, ' ')
    for (const title of ['NAME', 'SYNOPSIS', 'OPTIONS', 'COMMANDS', 'EXIT STATUS', 'ENVIRONMENT']) expect(flat).toContain(title)
    const help = (await scratch.run(['--help'])).out
    const commands = [...help.matchAll(/^ {2}([a-z]+) (?:\[|<| {2})/gm)].map((m) => m[1]!).filter((name) => name !== 'help')
    expect(commands.length).toBeGreaterThan(20)
    for (const command of commands) expect(flat).toContain(` devtrail ${command} `)
    for (const line of ['--rule R', 'memremap/referenced-at-removal', 'devtrail pmem create', '4 no such device'])
      expect(flat).toContain(line)
  })
})

test('--version is the version of the package', async () => {
  const { out, code } = await scratch.run(['--version'])
  expect([out, code]).toEqual([`${(await import('../package.json', { with: { type: 'json' } })).default.version}\n`, 0])
})
