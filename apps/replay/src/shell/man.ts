/** The man page: all that --help says, as roff with the macros of man(7). */
import type { CommandDoc, OptionDoc } from './tree.ts'

/** Text that means nothing to roff. */
const plain = (text: string): string =>
  text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(/^(?=[.'])/gm, String.raw`\&`)
const bold = (text: string): string => String.raw`\fB${plain(text)}\fR`

function optionLines({ short, long, value, says }: OptionDoc): string[] {
  const names = [short, long].filter((name) => name !== null).map(bold)
  return ['.TP', `${names.join(', ')}${value === null ? '' : String.raw` \fI${plain(value)}\fR`}`, plain(says)]
}

const ITEM = /^ {2}(\S.*?)(?: {2,}(\S.*))?$/
const TITLE = /^[A-Z][a-z ]*:$/

/** What help prints below the options: titles, `  term   what it says`, prose. */
function moreLines(text: string): string[] {
  const out: string[] = []
  for (const line of text.split('\n')) {
    const item = ITEM.exec(line)
    if (item !== null) out.push('.TP', bold(item[1]!), item[2] === undefined ? String.raw`\&` : plain(item[2]))
    else if (TITLE.test(line)) out.push('.PP', bold(line))
    else out.push(line === '' ? '.PP' : plain(line))
  }
  return out
}

function commandLines(command: CommandDoc): string[] {
  const { path, usage, description, options, more, commands } = command
  const args = command.arguments.flatMap(({ name, says }) => ['.TP', String.raw`\fI${plain(name)}\fR`, plain(says)])
  const own = options.filter(({ long }) => long !== '--help').flatMap(optionLines)
  return [
    `.SS "${plain(path)}"`,
    bold(usage),
    '.PP',
    plain(description),
    ...args,
    ...own,
    ...(more === '' ? [] : ['.PP', ...moreLines(more)]),
    ...commands.flatMap(commandLines),
  ]
}

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['XDG_CACHE_HOME', 'where imported recordings are kept, in devtrail; ~/.cache when it is not set'],
  ['TMPDIR', 'where what comes from a pipe is kept while it is imported'],
  ['NATS_URL', 'the server of nats:///STREAM/HOST'],
  ['NATS_CREDS, NATS_NKEY, NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CONTEXT', 'who asks a NATS server'],
  ['NATS_CA, NATS_CERT, NATS_KEY', 'certificates for it'],
  ['NO_COLOR', 'no colours'],
  ['FORCE_COLOR', 'colours, also where the output is no terminal'],
]

export function manPage(root: CommandDoc, version: string, exits: readonly (readonly [number, string])[]): string {
  const lines = [
    String.raw`.\" Made of the tree of commands by: devtrail man`,
    `.TH DEVTRAIL 1 "" "devtrail ${version}" "User Commands"`,
    '.SH NAME',
    String.raw`devtrail \- ${plain(root.description)}`,
    '.SH SYNOPSIS',
    bold(root.usage),
    '.SH DESCRIPTION',
    ...moreLines(root.more.replace(/^Exit: .*\n/m, '')),
    '.SH OPTIONS',
    'All commands take these.',
    ...root.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...root.commands.filter(({ name }) => name !== 'help').flatMap(commandLines),
    '.SH EXIT STATUS',
    ...exits.flatMap(([code, says]) => ['.TP', bold(String(code)), plain(says)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, says]) => ['.TP', bold(name), plain(says)]),
  ]
  return `${lines.join('\n')}\n`
}
