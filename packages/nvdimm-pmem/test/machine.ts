/** A machine with one region, whose events are folded and judged as they are said, for the tests beside the sources. */
import { devresModel } from '@devtrail/devres'
import { Emitter, ManualClock, type AnyEvent, type Model, type Violation } from '@devtrail/events'
import { memremapModel, type RulesName } from '@devtrail/memremap'
import { percpuRefModel } from '@devtrail/percpu-ref'
import { resourceTreeModel } from '@devtrail/resource-tree'
import type { NdBtt } from '../src/bus/nd-btt.ts'
import type { NdPfn } from '../src/bus/nd-pfn.ts'
import type { NdNamespace } from '../src/bus/nd-namespace.ts'
import type { NdRegion, RegionSpec } from '../src/bus/nd-region.ts'
import { NvdimmMachine, type NvdimmMachineInit } from '../src/bus/nvdimm-machine.ts'
import { Pmem } from '../src/driver/pmem.ts'
import { nvdimmPmemModel } from '../src/model.ts'

export const START = 0x100000000n
export const MIB = 2 ** 20
export const GIB = 2 ** 30

export interface States {
  tree: ReturnType<typeof resourceTreeModel.initial>
  devices: ReturnType<typeof devresModel.initial>
  refs: ReturnType<typeof percpuRefModel.initial>
  memory: ReturnType<typeof memremapModel.initial>
  pmem: ReturnType<typeof nvdimmPmemModel.initial>
}

const models = { tree: resourceTreeModel, devices: devresModel, refs: percpuRefModel, memory: memremapModel, pmem: nvdimmPmemModel }

export const initial = (): States => ({
  tree: resourceTreeModel.initial(),
  devices: devresModel.initial(),
  refs: percpuRefModel.initial(),
  memory: memremapModel.initial(),
  pmem: nvdimmPmemModel.initial(),
})

function stepOf<S>(model: Model<S>, state: S, event: AnyEvent): Violation[] {
  if (!event.type.startsWith(`${model.name}/`) && event.type !== 'log/gap') return []
  model.evolve(state, event)
  return model.invariants.flatMap((rule) => [...rule.judge(state, event)])
}

/** Folds one event into all states and says what it broke. */
export function step(states: States, event: AnyEvent): Violation[] {
  return [
    ...stepOf(models.tree, states.tree, event),
    ...stepOf(models.devices, states.devices, event),
    ...stepOf(models.refs, states.refs, event),
    ...stepOf(models.memory, states.memory, event),
    ...stepOf(models.pmem, states.pmem, event),
  ]
}

export interface LabInit extends Omit<NvdimmMachineInit, 'emitter'> {
  readonly region?: Partial<RegionSpec>
}

/** A machine and its region; what happened is kept. */
export class Lab {
  readonly events: AnyEvent[] = []
  readonly violations: Violation[] = []
  readonly states = initial()
  readonly clock = new ManualClock()
  readonly emitter = new Emitter(this.clock, (event) => {
    this.events.push(event)
    this.violations.push(...step(this.states, event))
  })
  readonly machine: NvdimmMachine
  readonly region: NdRegion

  constructor({ region, ...init }: LabInit = {}) {
    this.machine = new NvdimmMachine({ emitter: this.emitter, ...init })
    this.region = this.machine.addRegion({ start: START, size: GIB, ...region })
  }

  /** The region's namespace, not bound. */
  get namespace(): NdNamespace {
    const [ns] = this.region.namespaces
    if (ns === undefined) throw new Error('the region has no namespace yet')
    this.machine.unbind(ns)
    return ns
  }

  /** A pfn device that holds the namespace; not bound. */
  pfn(mode: 'pmem' | 'ram' = 'pmem', kind: 'pfn' | 'dax' = 'pfn'): NdPfn {
    const pfn = this.region.seed(kind)
    this.#take(pfn, { mode })
    return pfn
  }

  /** A btt device that holds the namespace; not bound. */
  btt(sectorSize = 4096): NdBtt {
    const btt = this.region.seed('btt')
    this.#take(btt, { sector_size: `${sectorSize}` })
    return btt
  }

  #take(device: NdPfn | NdBtt, attributes: Record<string, string>): void {
    const all = { ...attributes, uuid: this.machine.newUuid(), namespace: this.namespace.name }
    for (const [name, value] of Object.entries(all)) {
      const error = device.store(name, value)
      if (error !== 0) throw new Error(`${device.name}: ${name}=${value} is refused with ${error}`)
    }
  }

  /** The types of events since one, without those about counters, lookups and steps of a binding. */
  types(from = 0, prefix = ''): string[] {
    const noise = /^(percpu-ref\/|memremap\/look|devres\/binding-step)/
    return this.events.slice(from).flatMap((e) => (e.type.startsWith(prefix) && !noise.test(e.type) ? [e.type] : []))
  }

  /** What nd_pmem, its disk and its queue said since an event. */
  said(from = 0): string[] {
    return this.types(from, 'nvdimm-pmem/').map((type) => type.slice('nvdimm-pmem/'.length))
  }

  /** The rules that were broken, each once. */
  broken(): string[] {
    return [...new Set(this.violations.map((v) => v.rule))]
  }

  warnings(): string[] {
    return this.events.filter((e) => e.type.endsWith('/warned')).map((e) => e.data['message'] as string)
  }
}

/** The pmem device of a bound device. @throws Error when there is none. */
export function pmemOf(device: { readonly drvdata: unknown; readonly name: string }): Pmem {
  if (device.drvdata instanceof Pmem) return device.drvdata
  throw new Error(`${device.name} is not bound to nd_pmem`)
}

export const eras: readonly RulesName[] = ['seed', 'linux-6.1']
