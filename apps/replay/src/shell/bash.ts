import { allOf, type CommandDoc } from './tree.ts'
import { valuesOf, type Values } from './values.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
const offer = ({ files, words }: Values): string =>
  [...(words.length === 0 ? [] : [`_devtrail_words ${quoted(words.join(' '))}`]), ...(files ? ['_devtrail_files'] : [])].join('; ') || ':'

/** `pmem info` of `devtrail pmem info`; empty for the root. */
const below = ({ path }: CommandDoc): string => path.split(' ').slice(1).join(' ')

const step = (command: CommandDoc): string[] =>
  command.commands.map((next) => `      ${quoted(`${below(command)} ${next.name}`)}) command=${quoted(below(next))} ;;`)

/** What may follow an option of a command. */
const optionValues = (command: CommandDoc): string[] =>
  command.options
    .filter(({ value }) => value !== null)
    .map(({ short, long, value, choices }) => {
      const names = [long, ...(short === null ? [] : [short])].map((name) => quoted(`${below(command)} ${name}`))
      return `    ${names.join(' | ')}) ${offer(valuesOf({ name: value, choices }))}; return ;;`
    })

function optionNames(command: CommandDoc, root: CommandDoc): string {
  const all = command === root ? root.options : [...command.options, ...root.options.filter(({ long }) => !/help|version/.test(long))]
  return `        ${quoted(below(command))}) _devtrail_words ${quoted([...new Set(all.map(({ long }) => long))].join(' '))} ;;`
}

function argumentOf(command: CommandDoc): string {
  const values =
    command.commands.length > 0
      ? { files: false, words: command.commands.map(({ name }) => name) }
      : valuesOf(command.arguments[0] ?? { name: null, choices: [] })
  return `    ${quoted(below(command))}) ${offer(values)} ;;`
}

/** A completion script for bash, of 3.2 and newer. */
export function bashCompletion(root: CommandDoc): string {
  const all = allOf(root)
  return `# devtrail's completion for bash, made by: devtrail completion bash
_devtrail_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}
_devtrail_files() {
  local file
  compopt -o filenames 2> /dev/null
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$cur")
}
_devtrail() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' i
  COMPREPLY=()
  # --rule=R comes as three words.
  [ "$cur" != = ] || cur=''
  [ "$prev" != = ] || prev=\${COMP_WORDS[COMP_CWORD - 2]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
${all.flatMap(step).join('\n')}
    esac
  done
  case "$command $prev" in
${all.flatMap(optionValues).join('\n')}
  esac
  case $cur in
    -*)
      case $command in
${all.map((command) => optionNames(command, root)).join('\n')}
      esac
      return ;;
  esac
  case $command in
${all.map(argumentOf).join('\n')}
  esac
}
complete -F _devtrail devtrail
`
}
