/** Reads a scenario from data that may be anything. */
import { apart, checkFile, checkNamespace, checkRegion } from './check-machine.ts'
import { checkStep } from './check-step.ts'
import { namesOf, type Names } from './names.ts'
import { ScenarioError, Unchecked } from './place.ts'
import type { FaultSpec, ProgramSpec, Scenario, TaskSpec } from './scenario.ts'

/** Named limits of a scenario. */
export const SCENARIO_MAX = { regions: 64, namespaces: 64, files: 1024, faults: 1024, tasks: 1024, steps: 10_000, pid: 4_194_304 } as const

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/
const FAULTS = ['managed-allocation', 'queue-allocation', 'disk-allocation', 'ioremap', 'add-memory', 'store-range'] as const

const checkFault = (of: Unchecked): FaultSpec => {
  const { at, nth } = of.fields('at', 'nth')
  return { at: at.oneOf(...FAULTS), nth: nth.count(1, 1_000_000) }
}

function checkTask(of: Unchecked, names: Names): TaskSpec | ProgramSpec {
  const { comm, pid, steps, program } = of.fields('comm', 'pid', 'steps', 'program')
  const actor = { comm: comm.text('a command of 1 to 15 characters', /^[ -~]{1,15}$/), pid: pid.count(0, SCENARIO_MAX.pid) }
  if (!program.isThere) {
    if (!steps.isThere) steps.fail('the steps of the task')
    return { ...actor, steps: steps.list(SCENARIO_MAX.steps).map((step) => checkStep(step, names)) }
  }
  if (steps.isThere) throw new ScenarioError(of.place, 'a task has steps or a program, not both')
  if (typeof program.value !== 'function') return program.fail('a generator function (in a scenario that is TypeScript)')
  return { ...actor, program: program.value as ProgramSpec['program'] }
}

/** One that comes later brings no memory, or the same. */
function mustBeOf(machine: Scenario, own: Pick<Scenario, 'regions' | 'namespaces'>): void {
  for (const field of ['regions', 'namespaces'] as const)
    if (own[field]!.length > 0 && JSON.stringify(own[field]) !== JSON.stringify(machine[field] ?? []))
      throw new ScenarioError(field, `a scenario that goes on in another machine has its ${field}: leave them out`)
}

/**
 * A scenario, checked. `machine`: that of another one, into which this comes later: what is there already. @throws ScenarioError with
 * the place of what is wrong.
 */
export function checkScenario(value: unknown, machine?: Scenario): Scenario {
  const whole = new Unchecked(value)
  const { name, says, rules, series, regions, namespaces, files, faults, tasks } = whole.fields(
    ...(['name', 'says', 'rules', 'series', 'regions', 'namespaces', 'files', 'faults', 'tasks'] as const),
  )
  const regionPlaces = regions.list(SCENARIO_MAX.regions)
  const regionSpecs = regionPlaces.map(checkRegion)
  apart(regionSpecs, regionPlaces)
  const places = namespaces.list(SCENARIO_MAX.namespaces)
  const specs = places.map(checkNamespace)
  apart(specs, places)
  if (machine !== undefined) mustBeOf(machine, { regions: regionSpecs, namespaces: specs })
  const there = {
    regions: machine?.regions ?? regionSpecs,
    namespaces: machine?.namespaces ?? specs,
  }
  const onMachine = namesOf(there)
  const fileSpecs = files.list(SCENARIO_MAX.files).map((file) => checkFile(file, onMachine))
  for (const [n, file] of fileSpecs.entries())
    if (fileSpecs.slice(0, n).some((other) => other.name === file.name))
      throw new ScenarioError(`files[${n}].name`, `there are two files ${file.name}`)
  const names: Names = { ...onMachine, files: new Map([...(machine?.files ?? []), ...fileSpecs].map((file) => [file.name, file.pages])) }
  const taskSpecs = tasks.list(SCENARIO_MAX.tasks).map((task) => checkTask(task, names))
  if (taskSpecs.length === 0) throw new ScenarioError('tasks', 'a scenario has tasks that do something')
  return {
    name: name.text('a name of letters, digits and dashes', NAME),
    says: says.text('one sentence', /^[^\n]{1,400}$/),
    ...(rules.isThere && { rules: rules.oneOf('seed', 'linux-6.1') }),
    ...(series.isThere && { series: series.value === 17 || series.value === 20 ? series.value : series.fail('17 or 20') }),
    ...(regionSpecs.length > 0 && { regions: regionSpecs }),
    namespaces: specs,
    files: fileSpecs,
    faults: faults.list(SCENARIO_MAX.faults).map(checkFault),
    tasks: taskSpecs,
  }
}
