/** What a simulated log says of how it was made: enough to make it again, event for event. */
import { checkScenario, ScenarioError, type Outcome, type Scenario } from '@devtrail/simulation'
import { LogUsageError, type LogReader } from '@devtrail/event-log'
import { exit, Failure } from '../session/failure.ts'
import type { Interrupt } from '../session/interrupt.ts'
import type { ImageHashes } from './images.ts'
import { loadScenario, type Loaded } from './load-scenario.ts'

/** The attachment that holds a {@link Simulated} as JSON. */
export const RECIPE = 'simulation.json'

/** 2: the machine is that of nvdimm-pmem. */
export const VERSION = 2

/** A scenario as data, or the file that has it. */
type Kept = { readonly data: Scenario } | { readonly name: string; readonly module: { readonly file: string; readonly sha256: string } }

/** From some turn on. */
export interface Part {
  /** Turns before it; 0 of the first. */
  readonly turns: number
  readonly seed: number | null
  /** Null: who is there goes on. */
  readonly scenario: Kept | null
}

export interface Recipe {
  readonly rules: 'seed' | 'linux-6.1'
  readonly parts: readonly Part[]
  /** Of the first part's images. */
  readonly images: ImageHashes
}

/** A recipe that was followed, and what came of it. */
export interface Simulated extends Recipe {
  readonly version: typeof VERSION
  readonly outcome: Outcome
  /** The last event that it shares with the log it went on from; null without one. */
  readonly shared: number | null
}

export const kept = ({ scenario, module }: Loaded): Kept => (module === null ? { data: scenario } : { name: scenario.name, module })

export const nameOf = (scenario: Kept): string => ('data' in scenario ? scenario.data.name : scenario.name)

/** The bytes of a log's recipe; null when it has none. */
export async function recipeIn(reader: LogReader): Promise<Uint8Array | null> {
  return reader.attachment(RECIPE).catch((error: unknown) => {
    if (error instanceof LogUsageError && error.code === 'not-found') return null
    throw error
  })
}

/** Why a log without a recipe cannot be gone on from. */
function withoutRecipe({ meta }: LogReader, given: string): string {
  const { kind, redacted } = meta.source
  if (kind !== 'simulated')
    return `${given} was not made by devtrail simulate: what a real machine would have done next nobody knows; name a log that devtrail simulate wrote`
  if (redacted === true)
    return `${given} was redacted: made again, its events have the names that it was to hide, so what comes next cannot be told in its own; go on from the log that it was made of`
  return `${given} was simulated, but how is not in it; go on from the log that it was made of, or from a copy that devtrail export --format log made`
}

/** @throws Failure for a log that was not simulated, or not by this version. */
export async function simulatedIn(reader: LogReader, given: string): Promise<Simulated> {
  const bytes = await recipeIn(reader)
  if (bytes === null) throw new Failure(exit.usage, withoutRecipe(reader, given))
  const recipe = JSON.parse(new TextDecoder().decode(bytes)) as Simulated
  if (recipe.version !== VERSION) throw new Failure(exit.damaged, `${given} was simulated by another version of devtrail; simulate it anew`)
  return recipe
}

/** The scenario of a part; `machine`: that of the first. @throws Failure when its file is gone or was changed. */
export async function scenarioOf(part: Kept, interrupt: Interrupt, machine?: Scenario): Promise<Scenario> {
  if ('data' in part) {
    try {
      return checkScenario(part.data, machine)
    } catch (error) {
      if (error instanceof ScenarioError) throw new Failure(exit.damaged, `the log's own scenario: ${error.message}`, { cause: error })
      throw error
    }
  }
  const { file, sha256 } = part.module
  const { scenario, module } = await loadScenario(file, interrupt, machine)
  if (module?.sha256 !== sha256)
    throw new Failure(exit.damaged, `${file} was changed since the log was simulated with it; simulate the log anew`)
  return scenario
}
