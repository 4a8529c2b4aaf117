import { pmemLayout, type RulesName } from '@devtrail/memremap'
import type { Namespace } from './driver/namespace.ts'
import type { SimulatedMachine } from './machine/machine.ts'
import { deviceOf, diskOf } from './scenario/names.ts'
import { ScenarioError } from './scenario/place.ts'
import type { NamespaceSpec, Scenario } from './scenario/scenario.ts'
import { bytesOf } from './scenario/units.ts'

const ALIGN = 1n << 21n

/** Brings a machine to where the tasks of a scenario begin. */
export function setUp(machine: SimulatedMachine, scenario: Scenario): void {
  const namespaces = (scenario.namespaces ?? []).map((spec) => ({ spec, namespace: namespaceOf(spec, machine.rules) }))
  const byStart = namespaces.map(({ namespace }) => namespace).toSorted((a, b) => (a.start < b.start ? -1 : 1))
  const [lowest, highest] = [byStart[0], byStart.at(-1)]
  if (lowest !== undefined && highest !== undefined) machine.addPersistentMemory(lowest.start, highest.start + highest.size - 1n)
  for (const { spec, namespace } of namespaces) {
    machine.addNamespace(namespace)
    if (spec.bound === false) continue
    if (namespace.pfn !== null) machine.claim(namespace.name)
    machine.bind(namespace.pfn?.name ?? namespace.name)
  }
  for (const file of scenario.files ?? []) machine.addFile(file)
  machine.rcu.drain()
}

function namespaceOf(spec: NamespaceSpec, rules: RulesName): Namespace {
  const { name, mode = 'fsdax', map = 'dev' } = spec
  const start = bytesOf(spec.start)!
  const size = bytesOf(spec.size)!
  const layout = mode === 'raw' ? null : pmemLayout(start, size, map, ALIGN, rules)
  if (mode === 'fsdax' && layout === null) throw new ScenarioError('namespaces', `${name} has no room for data behind its struct pages`)
  const pfn = layout && { name: deviceOf(spec), dataOffset: layout.dataOffset, altmap: layout.altmap }
  return { name, start, size, disk: diskOf(spec), pfn }
}
