import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { LogUsageError } from '@devtrail/event-log'
import { scenarios } from '@devtrail/simulation'
import { cacheFolder, prepareCache, tidy, touch, writingCache } from '../logs/cache.ts'
import { importerVersion } from '../logs/code-version.ts'
import { openLog } from '../logs/open.ts'
import { censusOf, surveyOf } from '@devtrail/survey'
import { scenariosText, simulatedText } from '../print/simulated.ts'
import { loadScenario } from '../simulate/load-scenario.ts'
import { Images } from '../simulate/images.ts'
import { kept, nameOf, scenarioOf, simulatedIn, type Recipe } from '../simulate/recipe.ts'
import { simulateTo, type Parent } from '../simulate/write.ts'
import { AT, examples, type Cli } from './command.ts'
import { exit, Failure, type ExitCode } from '../session/failure.ts'
import { positionOf } from '../named/positions.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly output?: string
  readonly rules?: string
  readonly seed?: string
  readonly list?: boolean
  readonly print?: boolean
  readonly from?: string
  readonly at?: string
}

const RULES = ['seed', 'linux-6.1'] as const
const SEED_MAX = 0xffff_ffff

function seedOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const seed = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (!(seed <= SEED_MAX)) throw new Failure(exit.usage, `a seed is a number from 0 to ${SEED_MAX}, found "${text}"`)
  return seed
}

function rulesOf(text: string): Recipe['rules'] {
  const rules = RULES.find((name) => name === text)
  if (rules === undefined) throw new Failure(exit.usage, `there are no rules "${text}"; there are ${RULES.join(' and ')}`)
  return rules
}

function mustBeGiven(scenario: string | undefined): string {
  if (scenario !== undefined) return scenario
  throw new Failure(exit.usage, 'name a scenario: a file, or one of those that devtrail simulate --list shows')
}

async function list(session: Session): Promise<ExitCode> {
  if (session.json)
    await session.printJson({
      schemaVersion: 1,
      scenarios: scenarios.map(({ name, says, rules = 'linux-6.1', tasks }) => ({ name, says, rules, tasks: tasks.length })),
    })
  else await session.print(scenariosText(scenarios, session.style))
  return exit.fine
}

/** The log of a run in the cache: the same recipe gives the same log. */
async function toCache(recipe: Recipe, parent: Parent | null, session: Session): Promise<string> {
  const cache = cacheFolder()
  const of = JSON.stringify([recipe, parent && [parent.given, parent.at, parent.how], importerVersion()])
  const folder = join(cache, createHash('sha256').update(of).digest('hex').slice(0, 32))
  await prepareCache(cache)
  try {
    await writingCache(cache, () => simulateTo(folder, recipe, parent, session))
  } catch (error) {
    if (!(error instanceof LogUsageError && error.code === 'exists')) throw error
    await touch(folder)
  }
  await tidy(cache)
  return folder
}

/** What is run: a scenario from its beginning, or a log's from a moment on. */
async function wanted(given: string | undefined, options: Options, session: Session): Promise<{ recipe: Recipe; parent: Parent | null }> {
  const seed = seedOf(options.seed)
  if (options.from === undefined) {
    if (options.at !== undefined) throw new Failure(exit.usage, '--at is a moment of the log that --from names')
    const loaded = await loadScenario(mustBeGiven(given), session.interrupt)
    const rules = options.rules === undefined ? (loaded.scenario.rules ?? 'linux-6.1') : rulesOf(options.rules)
    await using images = await Images.of(loaded.scenario, null, session)
    return { recipe: { rules, parts: [{ turns: 0, seed, scenario: kept(loaded) }], images: images.hashes }, parent: null }
  }
  if (options.at === undefined) throw new Failure(exit.usage, 'name the moment to go on from with --at')
  if (options.rules !== undefined) throw new Failure(exit.usage, 'a fork goes on under the rules of its log: leave --rules out')
  const log = await openLog(options.from, session)
  const { rules, parts, images } = await simulatedIn(log.reader, options.from)
  const recipe = { rules, parts, images }
  const machine = await scenarioOf(recipe.parts[0]!.scenario!, session.interrupt)
  const { at } = await log.history.at(positionOf(options.at))
  const how = { seed, scenario: given === undefined ? null : kept(await loadScenario(given, session.interrupt, machine)) }
  return { recipe, parent: { given: options.from, at: at.seq, events: () => log.reader.read(), how } }
}

export function simulateCommand({ program, runMaybe }: Cli): void {
  program
    .command('simulate')
    .summary('a log made by the models: a scenario, or how a simulated log could have gone on')
    .description(
      `Runs a scenario on a simulated machine and writes its log, which every other command answers as it does a recording's. A scenario is one of those that --list shows, or a file: JSON, or a module in TypeScript or JavaScript that exports "scenario" (a module is run). The same scenario, rules and seed give the same log, event for event; without a seed tasks go on in their order, each until it waits.

With --from and --at it makes the log's past again, up to the end of the turn in which the moment is, and then goes on differently: under another seed, or with the tasks of another scenario, while those there were end before their next step.`,
    )
    .argument('[SCENARIO]', 'name of a scenario, a file that ends with .json, .ts or .js, or - for JSON on stdin')
    .option('-o, --output <LOG>', 'folder of the log to be written; the cache when left out')
    .option('--rules <RULES>', "seed (the series of 2015) or linux-6.1; the scenario's own when left out")
    .option('--seed <N>', 'who goes on when several can: a number from 0 to 4294967295')
    .option('--list', 'the scenarios there are')
    .option('--print', 'the scenario as JSON, to begin one of your own with')
    .option('--from <LOG>', 'go on from a moment of this simulated log')
    .option('--at <P>', `the moment. ${AT}`)
    .addHelpText(
      'after',
      examples(
        ['devtrail simulate --list', ''],
        ['devtrail simulate fsdax-pinned-unbind -o crash.log', 'then: devtrail check crash.log'],
        ['devtrail simulate splice-races --seed 7', 'another order of the same tasks'],
        ['devtrail simulate fsdax-splice --print > mine.json', 'a scenario to change'],
        ['devtrail simulate --from crash.log --at 185 --seed 3 -o other.log', 'how it could have gone on'],
        ['devtrail simulate fix.json --from crash.log --at 185 -o fixed.log', 'with other tasks from there'],
      ),
    )
    .action(
      runMaybe<Options>(async (session, given, options): Promise<ExitCode> => {
        if (options.list === true) return list(session)
        if (options.print === true) {
          const { scenario, module } = await loadScenario(mustBeGiven(given), session.interrupt)
          if (module !== null) throw new Failure(exit.usage, `${given} has programs, which are no data`)
          await session.printJson(scenario)
          return exit.fine
        }
        if (options.output === '-' || options.output === '')
          throw new Failure(exit.usage, `a log is a folder, so it cannot be written to "${options.output}"; name a folder with -o`)
        const { recipe, parent } = await wanted(given, options, session)
        const folder = options.output ?? (await toCache(recipe, parent, session))
        if (options.output !== undefined) await simulateTo(folder, recipe, parent, session)
        const log = await openLog(folder, session)
        const { parts, outcome, shared } = await simulatedIn(log.reader, folder)
        const { names, devices } = await surveyOf(log.history)
        const { events } = await censusOf(log.source)
        const keys = devices.filter((d) => !d.bookkeeping).map((d) => names.device(d.id))
        const last = parts.at(-1)!
        const about = {
          scenario: nameOf(parts[0]!.scenario!),
          rules: recipe.rules,
          seed: last.seed,
          events,
          devices: [...new Set(keys)],
          hung: outcome.hung.map(({ actor, what }) => ({ ...actor, what })),
          crashed: outcome.crashed,
          refused: outcome.refused.map(({ actor, step, errno }) => ({ ...actor, step, errno })),
          fork: parent && { of: parent.given, at: parent.at, shared, scenario: last.scenario && nameOf(last.scenario) },
        }
        if (session.json) await session.printJson({ schemaVersion: 1, log: folder, ...about })
        else await session.print(simulatedText(folder, about, session.style))
        return exit.fine
      }),
    )
}
