import type { Cli } from './command.ts'

/** The commands in the order of the help. Each is loaded when it is needed: most need little of what others do. */
const commands: Readonly<Record<string, () => Promise<(cli: Cli) => void>>> = {
  import: async () => (await import('./import.ts')).importCommand,
  merge: async () => (await import('./merge.ts')).mergeCommand,
  info: async () => (await import('./info.ts')).infoCommand,
  devices: async () => (await import('./devices.ts')).devicesCommand,
  events: async () => (await import('./events.ts')).eventsCommand,
  state: async () => (await import('./state.ts')).stateCommand,
  iomem: async () => (await import('./iomem.ts')).iomemCommand,
  diff: async () => (await import('./diff.ts')).diffCommand,
  blame: async () => (await import('./blame.ts')).blameCommand,
  why: async () => (await import('./why.ts')).whyCommand,
  bisect: async () => (await import('./bisect.ts')).bisectCommand,
  refs: async () => (await import('./refs.ts')).refsCommand,
  stuck: async () => (await import('./stuck.ts')).stuckCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  debug: async () => (await import('./debug.ts')).debugCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
  repair: async () => (await import('./repair.ts')).repairCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  ship: async () => (await import('./ship.ts')).shipCommand,
  simulate: async () => (await import('./simulate.ts')).simulateCommand,
  record: async () => (await import('./record.ts')).recordCommand,
  pmem: async () => (await import('./pmem/pmem.ts')).pmemCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  completion: async () => (await import('./completion.ts')).completionCommand,
  man: async () => (await import('./completion.ts')).manCommand,
}

/** Flags that may stand before a command. */
const FLAGS: ReadonlySet<string> = new Set(['--json', '--ns', '--no-color'])

/** The names of the commands that are to be known to go on with these arguments: of any that is not plainly one command's, all. */
function namesFor(args: readonly string[]): readonly string[] {
  const name = args.find((arg) => !FLAGS.has(arg)) ?? ''
  if (name === '-V' || name === '--version') return []
  // Completions and the man page are of all of them.
  return Object.hasOwn(commands, name) && name !== 'completion' && name !== 'man' ? [name] : Object.keys(commands)
}

/** Loads the commands that these arguments may mean. */
export function commandsFor(args: readonly string[]): Promise<((cli: Cli) => void)[]> {
  return Promise.all(namesFor(args).map((name) => commands[name]!()))
}
