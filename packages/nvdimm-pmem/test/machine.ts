/** A machine with two fsdax namespaces on a folded log, for the tests beside the sources. */
import { Emitter, Ids, ManualClock, type AnyEvent, type Violation } from '@devtrail/events'
import { memremapModel, PagemapRegistry } from '@devtrail/memremap'
import { Resource, ResourceTree, resourceTreeModel } from '@devtrail/resource-tree'
import { nvdimmPmemModel } from '../src/model.ts'
import { PmemDevice } from '../src/pmem-device.ts'

export const START = 0x100000000n
export const GIB = 1n << 30n

export interface States {
  tree: ReturnType<typeof resourceTreeModel.initial>
  memory: ReturnType<typeof memremapModel.initial>
  pmem: ReturnType<typeof nvdimmPmemModel.initial>
}
export const initial = (): States => ({
  tree: resourceTreeModel.initial(),
  memory: memremapModel.initial(),
  pmem: nvdimmPmemModel.initial(),
})

/** Folds one event into all three states and says what it broke. */
export function step(states: States, event: AnyEvent): Violation[] {
  resourceTreeModel.evolve(states.tree, event)
  memremapModel.evolve(states.memory, event)
  nvdimmPmemModel.evolve(states.pmem, event)
  const memory = memremapModel.invariants.flatMap((rule) => [...rule.judge(states.memory, event)])
  return [...memory, ...resourceTreeModel.invariants.flatMap((rule) => [...rule.judge(states.tree, event)])]
}

export class Machine {
  readonly events: AnyEvent[] = []
  readonly violations: Violation[] = []
  readonly states = initial()
  readonly emitter = new Emitter(new ManualClock(), (event) => {
    this.events.push(event)
    this.violations.push(...step(this.states, event))
  })
  readonly ids = new Ids()
  readonly iomem = new ResourceTree(this.emitter, this.ids, { name: 'iomem', start: 0n, end: 2n ** 64n - 1n })
  readonly registry = new PagemapRegistry(this.emitter, this.ids)
  /** The NVDIMM's range, not busy. */
  readonly window = new Resource(START, START + 2n * GIB - 1n, 'Persistent Memory')
  readonly devices: readonly PmemDevice[]

  constructor() {
    this.iomem.requestResource(this.window)
    this.devices = [0, 1].map((n) => {
      const range = { start: START + BigInt(n) * GIB, end: START + BigInt(n + 1) * GIB - 1n }
      const map = n === 0 ? 'dev' : 'mem'
      return new PmemDevice(this, { device: n + 1, name: `pfn${n}.0`, namespace: `namespace${n}.0`, disk: `pmem${n}`, range, map })
    })
    this.events.length = 0
  }

  /** The types of the events so far, from the given one on. */
  types(from = 0): string[] {
    return this.events.slice(from).map((e) => e.type)
  }
}
