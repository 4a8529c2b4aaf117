import type { CommandDoc, OptionDoc } from './tree.ts'
import { valuesOf, type Values } from './values.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
/** Text within a spec, where brackets and colons have a meaning. */
const plain = (text: string): string => text.replaceAll(/[[\]:\\]/g, String.raw`\$&`)
function action({ files, words }: Values): string {
  if (words.length === 0) return files ? '_files' : ' '
  const listed = `(${words.join(' ')})`
  return files ? `{_alternative "names\\:name\\:${listed}" "files\\:file\\:_files"}` : listed
}

function optionSpec({ short, long, value, choices, says }: OptionDoc): string {
  const tail = `[${plain(says)}]${value === null ? '' : `:${plain(value)}:${action(valuesOf({ name: value, choices }))}`}`
  return short === null ? quoted(`${long}${tail}`) : `${quoted(`(${short} ${long})`)}{${short},${long}}${quoted(tail)}`
}

const lines = (all: readonly string[], indent: string): string => all.map((text) => `${indent}${text}`).join(' \\\n')
const functionOf = ({ path }: CommandDoc): string => `_${path.replaceAll(' ', '_')}`

/** The function of a command, and those of the commands below it. */
function functions(command: CommandDoc, globals: readonly OptionDoc[]): string {
  const own = [...command.options, ...globals.filter(({ long }) => !command.options.some((option) => option.long === long))]
  const options = own.map(optionSpec)
  const { commands } = command
  if (commands.length === 0) {
    const args = command.arguments.map((it, i) => quoted(`${i + 1}:${plain(it.name)}:${action(valuesOf(it))}`))
    return `${functionOf(command)}() {\n  _arguments -s -S \\\n${lines([...options, ...args], '    ')}\n}\n`
  }
  const described = commands.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`)
  const cases = commands.map((below) => `        ${below.name}) ${functionOf(below)} ;;`)
  return `${functionOf(command)}() {
  local curcontext=$curcontext state line
  local -a commands
  _arguments -C \\
${lines([...options, quoted('1: :->command'), quoted('*:: :->argument')], '    ')}
  case $state in
    command)
      commands=(
${described.join('\n')}
      )
      _describe -t commands 'devtrail command' commands
      ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}
${commands.map((below) => functions(below, globals)).join('')}`
}

/** A completion script for zsh: a file of fpath, or sourced. */
export function zshCompletion(root: CommandDoc): string {
  const globals = root.options.filter(({ long }) => !/help|version/.test(long))
  return `#compdef devtrail
# devtrail's completion for zsh, made by: devtrail completion zsh
${functions(root, globals)}
if [ "$funcstack[1]" = "_devtrail" ]; then
  _devtrail "$@"
else
  compdef _devtrail devtrail
fi
`
}
