/** The tree of commands as data, read off the one that answers --help: completions and the man page are made of it. */
import type { Argument, Command, Option } from 'commander'

export interface OptionDoc {
  /** `-o`, where there is one. */
  readonly short: string | null
  readonly long: string
  /** What its value is called (`P`, `FILE`); null for a switch. */
  readonly value: string | null
  readonly choices: readonly string[]
  readonly says: string
}

export interface ArgumentDoc {
  readonly name: string
  readonly choices: readonly string[]
  readonly says: string
}

export interface CommandDoc {
  /** `devtrail`, `devtrail pmem`, `devtrail pmem info`. */
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly usage: string
  readonly arguments: readonly ArgumentDoc[]
  readonly options: readonly OptionDoc[]
  /** What help prints below the options: rules, examples. */
  readonly more: string
  readonly commands: readonly CommandDoc[]
}

function optionDoc(option: Option, says: string): OptionDoc {
  const value = /<(.+)>|\[(.+)\]/.exec(option.flags)
  return {
    short: option.short ?? null,
    long: option.long!,
    value: value?.[1] ?? value?.[2] ?? null,
    choices: option.argChoices ?? [],
    says,
  }
}

const argumentDoc = (argument: Argument): ArgumentDoc => ({
  name: argument.name(),
  choices: argument.argChoices ?? [],
  says: argument.description,
})

/** What help prints behind all that it makes itself. */
function moreOf(command: Command): string {
  let printed = ''
  command.configureOutput({ writeOut: (text) => (printed += text) })
  command.outputHelp()
  return printed.slice(command.helpInformation().length).trim()
}

/** A command and those below it, without hidden ones; changes where its help is printed. */
export function treeOf(command: Command, above = ''): CommandDoc {
  const help = command.createHelp()
  const path = above === '' ? command.name() : `${above} ${command.name()}`
  const commands = help.visibleCommands(command).map((below) => treeOf(below, path))
  return {
    path,
    name: command.name(),
    summary: help.subcommandDescription(command),
    description: command.description(),
    usage: `${path} ${command.usage()}`.trimEnd(),
    arguments: command.registeredArguments.map(argumentDoc),
    options: help.visibleOptions(command).map((option) => optionDoc(option, help.optionDescription(option))),
    more: moreOf(command),
    commands: commands.map((below) => (below.name === 'help' ? helpOf(below, commands) : below)),
  }
}

/** `help COMMAND`: which commands that can be is known to the tree alone. Behind it comes nothing more. */
function helpOf(help: CommandDoc, commands: readonly CommandDoc[]): CommandDoc {
  const others = commands.filter((command) => command !== help)
  const below = others.map((other) => ({ ...other, path: `${help.path} ${other.name}`, arguments: [], options: [], commands: [] }))
  return { ...help, arguments: [], commands: below }
}

/** A tree's commands, each before those below it. */
export const allOf = (tree: CommandDoc): CommandDoc[] => [tree, ...tree.commands.flatMap(allOf)]
