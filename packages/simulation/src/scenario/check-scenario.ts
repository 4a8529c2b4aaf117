/** Reads a scenario from data that may be anything. */
import { checkStep, FILE_PAGES_MAX, type Names } from './check-step.ts'
import { deviceOf, diskOf } from './names.ts'
import { ScenarioError, Unchecked } from './place.ts'
import type { FaultSpec, FileSpec, NamespaceSpec, ProgramSpec, Scenario, TaskSpec } from './scenario.ts'
import { bytesOf } from './units.ts'

/** Named limits of a scenario. */
export const SCENARIO_MAX = { namespaces: 64, files: 1024, faults: 1024, tasks: 1024, steps: 10_000, pid: 4_194_304 } as const

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/
const UNIT = 1n << 21n

function checkNamespace(of: Unchecked): NamespaceSpec {
  const { name, start, size, mode, map, pfn, disk, bound } = of.fields('name', 'start', 'size', 'mode', 'map', 'pfn', 'disk', 'bound')
  const spec = {
    name: name.text('a name such as namespace0.0', /^namespace\d{1,3}\.\d{1,3}$/),
    start: start.text('an address such as "0x100000000"', /^0x[0-9a-f]{1,13}$/),
    size: aligned(size),
    ...(mode.isThere && { mode: mode.oneOf('fsdax', 'raw') }),
    ...(map.isThere && { map: map.oneOf('dev', 'mem') }),
    ...(pfn.isThere && { pfn: pfn.text('a name such as pfn0.0', /^pfn\d{1,3}\.\d{1,3}$/) }),
    ...(disk.isThere && { disk: disk.text('a name such as pmem0', /^pmem[\d.]{1,8}$/) }),
    ...(bound.isThere && { bound: bound.flag() }),
  }
  if (BigInt(spec.start) % UNIT !== 0n) start.fail('a multiple of 2 MiB')
  if (BigInt(spec.start) + bytesOf(spec.size)! > 1n << 46n) start.fail('a range below 64 TiB')
  return spec
}

function aligned(size: Unchecked): number | string {
  const { value } = size
  const bytes = typeof value === 'number' || typeof value === 'string' ? bytesOf(value) : null
  if (bytes === null || bytes % UNIT !== 0n) return size.fail('a size that is a multiple of 2 MiB, such as "1 GiB"')
  return value as number | string
}

/** No two of them overlap or have one name. */
function apart(specs: readonly NamespaceSpec[], places: readonly Unchecked[]): void {
  for (const [n, a] of specs.entries())
    for (const b of specs.slice(0, n)) {
      const [x, y] = [BigInt(a.start), BigInt(b.start)]
      if (a.name === b.name) throw new ScenarioError(`${places[n]!.place}.name`, `there are two ${a.name}`)
      if (x < y + bytesOf(b.size)! && y < x + bytesOf(a.size)!) throw new ScenarioError(places[n]!.place, `${a.name} overlaps ${b.name}`)
    }
}

function checkFile(of: Unchecked, disks: ReadonlySet<string>): FileSpec {
  const { name, disk, block, pages } = of.fields('name', 'disk', 'block', 'pages')
  const spec = {
    name: name.text('a name', /^[\w.-]{1,40}$/),
    disk: disk.text('a disk', /^/),
    block: block.isThere ? block.count(0, 2 ** 40) : 0,
    pages: pages.count(1, FILE_PAGES_MAX),
  }
  if (!disks.has(spec.disk)) disk.fail(`a disk of the scenario (${[...disks].join(', ') || 'there is none'})`)
  return spec
}

const checkFault = (of: Unchecked): FaultSpec => {
  const { at, nth } = of.fields('at', 'nth')
  return { at: at.oneOf('managed-allocation', 'queue-allocation', 'add-memory', 'store-range'), nth: nth.count(1, 1_000_000) }
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

/**
 * A scenario, checked. `machine`: that of another one, into which this comes later: what is there already. @throws ScenarioError with
 * the place of what is wrong.
 */
export function checkScenario(value: unknown, machine?: Scenario): Scenario {
  const whole = new Unchecked(value)
  const { name, says, rules, namespaces, files, faults, tasks } = whole.fields(
    'name',
    'says',
    'rules',
    'namespaces',
    'files',
    'faults',
    'tasks',
  )
  const places = namespaces.list(SCENARIO_MAX.namespaces)
  const specs = places.map(checkNamespace)
  apart(specs, places)
  if (machine !== undefined && specs.length > 0 && JSON.stringify(specs) !== JSON.stringify(machine.namespaces ?? []))
    throw new ScenarioError('namespaces', 'a scenario that goes on in another machine has its namespaces: leave them out')
  const there = [...specs, ...(machine?.namespaces ?? [])]
  const disks = new Set(there.map(diskOf))
  const fileSpecs = files.list(SCENARIO_MAX.files).map((file) => checkFile(file, disks))
  for (const [n, file] of fileSpecs.entries())
    if (fileSpecs.slice(0, n).some((other) => other.name === file.name))
      throw new ScenarioError(`files[${n}].name`, `there are two files ${file.name}`)
  const names: Names = {
    devices: new Set(there.flatMap((ns) => (ns.mode === 'raw' ? [ns.name] : [ns.name, deviceOf(ns)]))),
    disks,
    files: new Map([...(machine?.files ?? []), ...fileSpecs].map((file) => [file.name, file.pages])),
  }
  const taskSpecs = tasks.list(SCENARIO_MAX.tasks).map((task) => checkTask(task, names))
  if (taskSpecs.length === 0) throw new ScenarioError('tasks', 'a scenario has tasks that do something')
  return {
    name: name.text('a name of letters, digits and dashes', NAME),
    says: says.text('one sentence', /^[^\n]{1,400}$/),
    ...(rules.isThere && { rules: rules.oneOf('seed', 'linux-6.1') }),
    namespaces: specs,
    files: fileSpecs,
    faults: faults.list(SCENARIO_MAX.faults).map(checkFault),
    tasks: taskSpecs,
  }
}
