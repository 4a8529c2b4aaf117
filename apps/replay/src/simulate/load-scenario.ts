import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { checkScenario, ScenarioError, scenarios, type Scenario } from '@devtrail/simulation'
import { exit, Failure } from '../session/failure.ts'
import type { Interrupt } from '../session/interrupt.ts'
import { didYouMean } from '../session/suggest.ts'
import { Fence, NotBack, STRETCH_MS } from './fence.ts'
import { withWholePaths } from './images.ts'

/** A scenario, and where it came from. */
export interface Loaded {
  readonly scenario: Scenario
  /** The file that has its programs; null for one that is data. */
  readonly module: { readonly file: string; readonly sha256: string } | null
}

/** Bytes of a scenario that is data. */
const SCENARIO_BYTES_MAX = 16 * 1024 * 1024
const MODULES = new Set(['.ts', '.mts', '.js', '.mjs'])

export const isData = ({ tasks }: Scenario): boolean => tasks.every((task) => !('program' in task))

/** @throws Failure with the name of the file and the place in it. */
function checked(given: string, value: unknown, machine?: Scenario): Scenario {
  try {
    return checkScenario(value, machine)
  } catch (error) {
    if (error instanceof ScenarioError) throw new Failure(exit.damaged, `${given}: ${error.message}`, { cause: error })
    throw error
  }
}

const require = createRequire(import.meta.url)

/** What a module exports. It is run in one go, so that it can be cut off; one with an await at its top has to be waited for instead. */
async function exportsOf(path: string, interrupt: Interrupt): Promise<unknown> {
  try {
    return new Fence(interrupt).run(() => require(path) as unknown)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error
    const late = Promise.withResolvers<never>()
    const alarm = setTimeout(() => late.reject(new NotBack(`its await at the top did not end within ${STRETCH_MS / 1000} s`)), STRETCH_MS)
    return await Promise.race([import(pathToFileURL(path).href), late.promise]).finally(() => clearTimeout(alarm))
  }
}

/** A module's scenario may have getters, which are programs as well. */
function checkedBehindFence(file: string, interrupt: Interrupt, value: unknown, machine?: Scenario): Scenario {
  try {
    return new Fence(interrupt).run(() => checked(file, value, machine))
  } catch (error) {
    if (!(error instanceof NotBack)) throw error
    throw new Failure(exit.damaged, `${file}: what reads its scenario ${error.message}`, { cause: error })
  }
}

async function moduleIn(file: string, interrupt: Interrupt): Promise<{ value: unknown; sha256: string }> {
  const source = await readFile(file)
  const loaded = (await exportsOf(resolve(file), interrupt).catch((error: unknown) => {
    interrupt.signal.throwIfAborted()
    throw new Failure(exit.damaged, `${file} cannot be run: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  })) as { readonly scenario?: unknown } | null | undefined
  if (loaded?.scenario === undefined) throw new Failure(exit.damaged, `${file}: expected "export const scenario", found none`)
  return { value: loaded.scenario, sha256: createHash('sha256').update(source).digest('hex') }
}

function parsed(given: string, json: string): unknown {
  if (json.length > SCENARIO_BYTES_MAX) throw new Failure(exit.damaged, `${given}: a scenario has at most ${SCENARIO_BYTES_MAX} bytes`)
  try {
    return JSON.parse(json) as unknown
  } catch (error) {
    throw new Failure(exit.damaged, `${given} is no JSON: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * A shipped scenario by its name, or one in a file; `machine`: what it goes on in. A module is run, as any program that somebody
 * names is. @throws Failure for what is neither, or no scenario
 */
export async function loadScenario(given: string, interrupt: Interrupt, machine?: Scenario): Promise<Loaded> {
  const shipped = scenarios.find(({ name }) => name === given)
  if (shipped !== undefined) {
    // Only what it does: it goes on in the machine that there is.
    const late = { ...shipped, regions: [], namespaces: [], faults: [] }
    return { scenario: checked(given, machine === undefined ? shipped : late, machine), module: null }
  }
  if (given === '-') {
    const scenario = checked('stdin', parsed('stdin', await text(process.stdin)), machine)
    return { scenario: withWholePaths(scenario, null), module: null }
  }
  const kind = extname(given)
  if (kind !== '.json' && !MODULES.has(kind)) {
    const names = scenarios.map(({ name }) => name)
    throw new Failure(
      exit.usage,
      `there is no scenario "${given}"${didYouMean(given, names)}; devtrail simulate --list shows those there are; one of your own is a file that ends with .json, .ts or .js`,
    )
  }
  await access(given).catch((error: unknown) => {
    throw new Failure(exit.damaged, `there is no scenario at ${given} (${(error as Error).message})`, { cause: error })
  })
  if (kind === '.json') {
    const scenario = checked(given, parsed(given, await readFile(given, 'utf8')), machine)
    return { scenario: withWholePaths(scenario, given), module: null }
  }
  const { value, sha256 } = await moduleIn(given, interrupt)
  const scenario = withWholePaths(checkedBehindFence(given, interrupt, value, machine), given)
  return { scenario, module: isData(scenario) ? null : { file: resolve(given), sha256 } }
}
