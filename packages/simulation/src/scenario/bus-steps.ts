/** What the steps of a task do with devices of the nvdimm bus. */
import { errno, type Actor } from '@devtrail/events'
import type { Steps } from '@devtrail/memremap'
import { NdNamespace } from '@devtrail/nvdimm-pmem'
import type { SimulatedMachine } from '../machine/machine.ts'
import { configuration } from '../set-up/configuration.ts'
import type { Exchange } from './exchange.ts'
import type { Step } from './scenario.ts'
import { bytesOf } from './units.ts'

type BusStep = Extract<Step, { do: 'bind' | 'unbind' | 'store' | 'claim' | 'detach' | 'disable' | 'enable' | 'create-namespace' }>

/** Keeps what was refused. */
export function* busStep(exchange: Exchange, actor: Actor, step: BusStep): Steps<void> {
  exchange.answered(actor, `${step.do} ${nameOf(step)}`, yield* doing(exchange.machine, step))
}

function nameOf(step: BusStep): string {
  if ('device' in step) return step.do === 'store' ? `${step.attribute} of ${step.device}` : step.device
  return step.do === 'create-namespace' ? step.region : step.namespace
}

function* doing(machine: SimulatedMachine, step: BusStep): Steps<number> {
  switch (step.do) {
    case 'bind':
      return machine.bind(step.device)
    case 'unbind':
      return machine.unbind(step.device)
    case 'store':
      return machine.store(step.device, step.attribute, step.value)
    case 'claim':
      return claim(machine, step)
    case 'detach':
      return yield* detaching(machine, step.device)
    case 'disable':
      return yield* disabling(machine, step.namespace)
    case 'enable':
      return enable(machine, step.namespace)
    default:
      return createNamespace(machine, step.region, step.size ?? null)
  }
}

function claim(machine: SimulatedMachine, step: Extract<BusStep, { do: 'claim' }>): number {
  const [device, ns] = [machine.device(step.device), machine.device(step.namespace)]
  if (device === undefined || !(ns instanceof NdNamespace)) return errno.ENODEV
  for (const [to, attribute, value] of configuration(device, ns, step, machine.nvdimm.newUuid())) {
    const error = to.store(attribute, value)
    if (error !== 0) return error
  }
  return 0
}

/** Until the device is gone, unless it is a seed. */
function* detaching(machine: SimulatedMachine, name: string): Steps<number> {
  const device = machine.device(name)
  const error = machine.detach(name)
  if (error === 0 && machine.device(name) !== device) yield { what: `${name} to be gone`, until: () => device!.live.presence === 'gone' }
  return error
}

function* disabling(machine: SimulatedMachine, name: string): Steps<number> {
  const ns = machine.device(name)
  if (!(ns instanceof NdNamespace)) return errno.ENODEV
  const holder = ns.claim?.name ?? null
  const error = machine.unbind(holder ?? name)
  if (error !== 0 || holder === null) return error
  yield null
  return yield* detaching(machine, holder)
}

/** That another device takes the namespace, and is bound later, is what was wanted. */
function enable(machine: SimulatedMachine, name: string): number {
  const error = machine.bind(name)
  const ns = machine.device(name)
  return error === errno.ENXIO && ns instanceof NdNamespace && ns.claim !== null ? 0 : error
}

function createNamespace(machine: SimulatedMachine, name: string, size: number | string | null): number {
  const region = machine.nvdimm.regions.find(({ index }) => name === `region${index}`)
  if (region === undefined) return errno.ENODEV
  if (!region.labels) return errno.ENXIO
  const seed = region.seed('namespace')
  const bytes = size === null ? region.available : Number(bytesOf(size))
  return seed.store('uuid', machine.nvdimm.newUuid()) || seed.store('size', `${bytes}`)
}
