import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from './page.ts'

/** What the built command prints as its help. */
function helpOf(root: string, words: readonly string[]): string {
  const args = [join(root, 'apps/replay/dist/main.js'), ...words, '--help']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
  if (status !== 0) throw new Error(`devtrail ${words.join(' ')} --help ended with ${status}: ${stderr}`)
  return stdout
}

const commandsIn = (help: string): string[] =>
  [...help.matchAll(/^ {2}([a-z]+) (?:\[|<| {2})/gm)].map((m) => m[1]!).filter((name) => name !== 'help')

function sectionsOf(root: string, words: readonly string[]): string[] {
  const help = helpOf(root, words)
  const below = commandsIn(help.split('\nExamples:')[0]!.split('\nRules:')[0]!)
  return [
    `## devtrail ${words.join(' ')}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`,
    ...below.flatMap((name) => sectionsOf(root, [...words, name])),
  ]
}

/** All commands, as \`--help\` tells of them. Needs a build. */
export const commandPage = (root: string): Page => ({
  name: 'command',
  title: 'The devtrail command',
  text: ['What `--help` says, command by command. The man page, `devtrail man`, says the same.\n', ...sectionsOf(root, [])].join('\n'),
})
