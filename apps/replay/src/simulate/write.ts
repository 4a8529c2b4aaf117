/** Runs a recipe and writes what it says into a log. */
import { LOG_SCHEMA_VERSION, type LogMeta } from '@devtrail/event-log'
import { createFileLog } from '@devtrail/event-log/file'
import { dataToJson, type AnyEvent, type Json } from '@devtrail/events'
import { Simulation, type Scenario } from '@devtrail/simulation'
import { dirname, resolve } from 'node:path'
import { exit, Failure } from '../session/failure.ts'
import type { Interrupt } from '../session/interrupt.ts'
import type { Session } from '../session/session.ts'
import { KeyframedIntake } from '../logs/keyframed-intake.ts'
import { makeFolders, writing } from '../logs/writable.ts'
import { vocabulary } from '@devtrail/survey'
import { Images } from './images.ts'
import { nameOf, RECIPE, scenarioOf, type Part, type Recipe, type Simulated, VERSION } from './recipe.ts'
import { turnsOf } from './turns.ts'

/** The log that a run goes on from. */
export interface Parent {
  readonly given: string
  /** The moment after whose turn it goes on differently. */
  readonly at: number
  /** Its events from the first on. */
  readonly events: () => AsyncIterable<AnyEvent>
  readonly how: Omit<Part, 'turns'>
}

const same = (a: AnyEvent, b: AnyEvent): boolean =>
  a.type === b.type &&
  a.time === b.time &&
  a.device === b.device &&
  JSON.stringify([a.actor, a.cause, dataToJson(vocabulary, a.type, a.data, 9)]) ===
    JSON.stringify([b.actor, b.cause, dataToJson(vocabulary, b.type, b.data, 9)])

/** Holds what a run says against the log that it goes on from. */
class Comparison {
  readonly #log: AsyncIterator<AnyEvent>
  readonly #given: string

  constructor({ events, given }: Parent) {
    this.#log = events()[Symbol.asyncIterator]()
    this.#given = given
  }

  /** @throws Failure at the first event that is not the log's. */
  async mustBe(event: AnyEvent): Promise<void> {
    const next = await this.#log.next()
    if (next.done !== true && same(next.value, event)) return
    throw new Failure(
      exit.damaged,
      `${this.#given} cannot be gone on from: made again, its event ${event.seq} is another. It was simulated by another version of devtrail; simulate it anew`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log.return?.()
  }
}

/** What a run has around it. */
interface Around {
  readonly images: Images
  readonly interrupt: Interrupt
}

/** A run of a recipe that is at its first turn, and the scenarios that it comes to; its own forks are in it. */
async function prepared(
  { rules, parts }: Recipe,
  { images, interrupt }: Around,
  sink: (event: AnyEvent) => void,
): Promise<{ readonly simulation: Simulation; readonly scenarios: Scenario[] }> {
  const [first, ...later] = parts
  const scenario = await scenarioOf(first!.scenario!, interrupt)
  const scenarios = [scenario]
  const simulation = new Simulation(scenario, { rules, seed: first!.seed, sink, open: (image) => images.open(image) })
  for (const part of later) {
    const how = { seed: part.seed, scenario: part.scenario && (await scenarioOf(part.scenario, interrupt, scenario)) }
    simulation.forkAfter(part.turns, how)
    if (how.scenario !== null) scenarios.push(how.scenario)
  }
  return { simulation, scenarios }
}

/** Runs a recipe, or goes on from a moment of its log, and hands on each event. */
async function run(
  recipe: Recipe,
  parent: Parent | null,
  take: (event: AnyEvent) => Promise<unknown> | null,
  around: Around,
): Promise<Simulated> {
  const { images, interrupt } = around
  const said: AnyEvent[] = []
  const { simulation, scenarios } = await prepared(recipe, around, (event) => said.push(event))
  await using comparison = parent && new Comparison(parent)
  let parts = recipe.parts
  let shared: number | null = null
  if (parent !== null) {
    const { scenario, seed } = parent.how
    const how = { seed, scenario: scenario && (await scenarioOf(scenario, interrupt, scenarios[0])) }
    if (how.scenario !== null) scenarios.push(how.scenario)
    simulation.forkAt(parent.at, how, () => {
      shared = simulation.machine.emitter.seq
      const taken = parts.filter(({ turns }, n) => n === 0 || turns < simulation.turns)
      parts = [...taken, { ...parent.how, turns: simulation.turns }]
    })
  }
  const handOn = async (): Promise<void> => {
    for (const event of said.splice(0)) {
      if (comparison !== null && (shared === null || event.seq <= shared)) await comparison.mustBe(event)
      await take(event)
    }
  }
  const goOn = turnsOf(simulation, scenarios, interrupt)
  while (goOn()) {
    if (said.length > 0) await handOn()
    interrupt.signal.throwIfAborted()
  }
  await handOn()
  if (parent !== null && shared === null)
    throw new Failure(
      exit.notThere,
      `${parent.given} is over at event ${parent.at}: nothing comes after it; name a moment before with --at`,
    )
  return { version: VERSION, rules: recipe.rules, parts, images: images.hashes, outcome: simulation.outcome, shared }
}

function metaOf({ rules, parts }: Recipe, parent: Parent | null): LogMeta {
  const [first] = parts
  const source: { [key: string]: Json } = { kind: 'simulated', scenario: nameOf(first!.scenario!), rules, seed: first!.seed }
  if (parent !== null) source['fork'] = { of: parent.given, at: parent.at }
  return { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source, notes: [] }
}

/** Simulates into a folder that is not there yet; nothing is left of it when that fails. */
export async function simulateTo(folder: string, recipe: Recipe, parent: Parent | null, session: Session): Promise<Simulated> {
  const above = dirname(resolve(folder))
  return writing(above, `a log at ${folder}`, 'name another folder with -o', async () => {
    await makeFolders(above)
    return session.interrupt.shield(async () => {
      await using writer = await createFileLog(folder, metaOf(recipe, parent), vocabulary, { atomic: true, compress: true })
      const intake = new KeyframedIntake(writer)
      const take = (event: AnyEvent): Promise<unknown> | null => {
        session.progress(event.seq, 'events')
        return intake.take(event)
      }
      const scenario = await scenarioOf(recipe.parts[0]!.scenario!, session.interrupt)
      await using images = await Images.of(scenario, recipe.images, session)
      const simulated = await run(recipe, parent, take, { images, interrupt: session.interrupt })
      await writer.attach(RECIPE, new TextEncoder().encode(`${JSON.stringify(simulated)}\n`))
      await writer.close()
      session.clearProgress()
      return simulated
    })
  })
}
