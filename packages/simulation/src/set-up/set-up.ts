/** Brings a machine to where the tasks of a scenario begin: it is started, and what has no holder yet gets one. */
import { NdNamespace } from '@devtrail/nvdimm-pmem'
import type { SimulatedMachine } from '../machine/machine.ts'
import { claimants, isFound, isThere } from '../scenario/claimants.ts'
import { ScenarioError } from '../scenario/place.ts'
import type { NamespaceSpec, Scenario } from '../scenario/scenario.ts'
import { configuration } from './configuration.ts'
import type { OpenImage } from './namespace-bytes.ts'
import { regionsOf, type Placed } from './regions.ts'
import { format } from './superblocks.ts'

/** @throws ScenarioError for a namespace that cannot be had, or an image that is something else. */
export function setUp(machine: SimulatedMachine, scenario: Scenario, open: OpenImage | null): void {
  const { nvdimm, rules } = machine
  const prepare = (ns: Placed): void => {
    if (isThere(ns.spec) && ns.spec.image === undefined) format(ns, nvdimm.newUuid(), rules)
  }
  const regions = regionsOf(scenario, { newUuid: () => nvdimm.newUuid(), open, prepare })
  const all = regions.flatMap(({ namespaces }) => namespaces)
  for (const { region } of regions) nvdimm.addRegion(region)
  const names = claimants(scenario.namespaces ?? [], rules)
  for (const ns of all) {
    const holder = names.get(ns.spec.name) ?? null
    if (holder !== null && !isFound(ns.spec, rules) && ns.spec.bound !== false) create(machine, ns, holder)
    if (ns.spec.bound !== false) mustBeBound(machine, ns, holder)
  }
  for (const { spec } of all) if (spec.bound === false) takeAway(machine, spec)
  for (const file of scenario.files ?? []) machine.addFile(file)
  machine.start()
}

const namespaceOf = (machine: SimulatedMachine, { name }: NamespaceSpec): NdNamespace => machine.device(name) as NdNamespace

/** As `ndctl create-namespace -f` does: the seed device takes the namespace. @throws ScenarioError when it may not. */
function create(machine: SimulatedMachine, { spec, place }: Placed, holder: string): void {
  machine.unbind(spec.name)
  const device = machine.device(holder)
  if (device === undefined) throw new ScenarioError(`${place}.mode`, `the kernel of ${machine.rules} has no ${spec.mode}`)
  for (const [to, attribute, value] of configuration(device, namespaceOf(machine, spec), spec, machine.nvdimm.newUuid())) {
    const error = to.store(attribute, value)
    if (error !== 0) throw new ScenarioError(place, `${spec.name} cannot be had: ${attribute} of ${to.name} is refused with ${error}`)
  }
  machine.bind(holder)
}

/** @throws ScenarioError when the machine makes something else of it. */
function mustBeBound(machine: SimulatedMachine, { spec, place }: Placed, holder: string | null): void {
  const { claim } = namespaceOf(machine, spec)
  if ((claim?.name ?? null) !== holder)
    throw new ScenarioError(
      `${place}.mode`,
      `${spec.name} is ${claim === null ? 'held by nobody' : `held by ${claim.name}`}, not ${holder === null ? 'raw' : `by ${holder}`}: its bytes say something else`,
    )
  if (machine.device(holder ?? spec.name)?.live.state === 'bound') return
  throw new ScenarioError(place, `${spec.name} has no room for data behind its struct pages, is too small, or is misaligned`)
}

/** As `ndctl disable-namespace` leaves it. */
function takeAway(machine: SimulatedMachine, spec: NamespaceSpec): void {
  const holder = namespaceOf(machine, spec).claim?.name ?? null
  machine.unbind(holder ?? spec.name)
  if (holder !== null) machine.detach(holder)
}
