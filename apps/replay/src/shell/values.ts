import { scenarios } from '@devtrail/simulation'
import { rulesOf } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'

/** What can stand in a place of the command line: paths, some words; neither where nobody can list it. */
export interface Values {
  readonly files: boolean
  readonly words: readonly string[]
}

const FILES: Values = { files: true, words: [] }
const ofWords = (words: readonly string[]): Values => ({ files: false, words })

/** By the names that values have in --help, the same for all commands. */
const NAMED: ReadonlyMap<string, () => Values> = new Map<string, () => Values>([
  ...['LOG', 'RECORDING', 'FILE', 'IMAGE', 'OTHER'].map((name) => [name, () => FILES] as const),
  ['SCENARIO', () => ({ files: true, words: scenarios.map(({ name }) => name) })],
  ['R', () => ofWords(rulesOf(models).map(({ rule }) => rule.id))],
  ['T', () => ofWords([...vocabulary.catalogues.map(({ prefix }) => prefix), ...vocabulary.types()].toSorted())],
  ['P', () => ofWords(['start', 'end'])],
])

/** What is offered for an option's value or an argument. */
export const valuesOf = ({ name, choices }: { readonly name: string | null; readonly choices: readonly string[] }): Values =>
  choices.length > 0 ? ofWords(choices) : (NAMED.get(name ?? '')?.() ?? ofWords([]))
