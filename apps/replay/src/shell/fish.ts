import { allOf, type CommandDoc, type OptionDoc } from './tree.ts'
import { valuesOf, type Values } from './values.ts'

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`

const offer = ({ files, words }: Values): string => `${files ? ' -F' : ''}${words.length === 0 ? '' : ` -a ${quoted(words.join(' '))}`}`

/** Whether the words so far are those of this command: `__devtrail_at pmem info`. */
const at = ({ path }: CommandDoc): string => quoted(`__devtrail_at ${path.split(' ').slice(1).join(' ')}`.trimEnd())

function optionLine(condition: string, { short, long, value, choices, says }: OptionDoc): string {
  const names = `${short === null ? '' : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`
  const values = valuesOf({ name: value, choices })
  const follows = value === null ? '' : `${values.files ? ' -r' : ' -x'}${offer(values)}`
  return `complete -c devtrail${condition}${names}${follows} -d ${quoted(says)}`
}

function linesOf(command: CommandDoc, isRoot: boolean): string[] {
  const condition = ` -n ${at(command)}`
  const options = isRoot ? [] : command.options.map((option) => optionLine(condition, option))
  const below = command.commands.map(({ name, summary }) => `complete -c devtrail${condition} -a ${name} -d ${quoted(summary)}`)
  const offered = command.commands.length > 0 || command.arguments.length === 0 ? '' : offer(valuesOf(command.arguments[0]!))
  return [...options, ...below, ...(offered === '' ? [] : [`complete -c devtrail${condition}${offered}`])]
}

/** A completion script for fish. */
export function fishCompletion(root: CommandDoc): string {
  const paths = allOf(root).flatMap(({ path }) => (path === root.name ? [] : [quoted(path.split(' ').slice(1).join(' '))]))
  return `# devtrail's completion for fish, made by: devtrail completion fish
set -g __devtrail_commands ${paths.join(' ')}
# The command that the line names so far.
function __devtrail_command
    set -l command
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim -- "$command $word")
        contains -- $longer $__devtrail_commands; and set command $longer
    end
    echo $command
end
function __devtrail_at
    set -l command (__devtrail_command)
    test "$command" = "$argv"
end
complete -c devtrail -f
${root.options.map((option) => optionLine('', option)).join('\n')}
${allOf(root)
  .flatMap((command) => linesOf(command, command === root))
  .join('\n')}
`
}
