import { rulesOf } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'

/** What can stand in a place of the command line: paths, one of some words, or what nobody can list. */
export type Values = 'files' | readonly string[]

/** By the names that values have in --help, the same for all commands. */
const NAMED: ReadonlyMap<string, () => Values> = new Map<string, () => Values>([
  ...['LOG', 'RECORDING', 'FILE', 'IMAGE'].map((name) => [name, () => 'files'] as const),
  ['R', () => rulesOf(models).map(({ rule }) => rule.id)],
  ['T', () => [...vocabulary.catalogues.map(({ prefix }) => prefix), ...vocabulary.types()].toSorted()],
  ['P', () => ['start', 'end']],
])

/** What is offered for an option's value or an argument. */
export const valuesOf = ({ name, choices }: { readonly name: string | null; readonly choices: readonly string[] }): Values =>
  choices.length > 0 ? choices : (NAMED.get(name ?? '')?.() ?? [])
