import type { AnyEvent, DeviceInfo, Facts, Json, KnownList, Model, View, Views } from '@devtrail/events'
import { errnoName } from '@devtrail/events'
import { devresCatalogue } from './events.ts'
import { devresInvariants } from './invariants.ts'
import { evolveDevres, initialDevres, type DevresNode, type DevresState } from './state.ts'

const node = (n: DevresNode): Json => ({ name: n.release, size: n.size, node: n.node, addedAt: n.addedAt })

/**
 * Managed resources that only their release proves to have been there from the start, oldest first: they are released
 * newest first.
 */
function foundLater(state: DevresState, device: number, facts: Facts): Json[] {
  return facts
    .ids('managed')
    .filter(
      (id) => !state.found.has(id) && facts.value('managed', id, 'device') === device && facts.value('managed', id, 'fromStart') === true,
    )
    .map((id): Json => ({
      name: facts.value<string>('managed', id, 'release'),
      size: facts.value<number>('managed', id, 'size'),
      node: facts.value<string>('managed', id, 'node'),
      addedAt: null,
      learntAt: facts.find('managed', id, 'node')!.seq,
    }))
    .toReversed()
}

const listOf = ({ known, possible, complete }: KnownList<DevresNode>, later: readonly Json[]): Json => ({
  known: [...later, ...known.map(node)],
  complete,
  ...(possible.length > 0 ? { possible: possible.map(node) } : {}),
})

const describe: View<DevresState> = (state, id, facts, looking) => {
  const isListed = looking?.parts?.has('devres') !== false
  const device = state.devices.get(id)
  if (device === undefined) {
    return {
      kind: facts.value<string>('device', id, 'kind'),
      bus: facts.value<string>('device', id, 'bus'),
      presence: facts.value('device', id, 'fromStart') === true ? 'present' : null,
      driver: { name: null, state: null },
      lastProbe: null,
      ...(isListed ? { devres: { known: foundLater(state, id, facts), complete: false } } : {}),
      learntAt: facts.find('device', id, 'name')?.seq ?? null,
    }
  }
  const { nodes, lastProbe } = device
  return {
    kind: device.kind ?? facts.value<string>('device', id, 'kind'),
    bus: device.bus ?? facts.value<string>('device', id, 'bus'),
    presence: device.presence,
    driver: { name: device.driver.name, state: device.driver.state },
    lastProbe: lastProbe && {
      driver: lastProbe.driver,
      errno: lastProbe.errno,
      error: lastProbe.errno === null ? null : errnoName(lastProbe.errno),
      outcome: lastProbe.outcome,
      seq: lastProbe.seq,
    },
    ...(isListed ? { devres: listOf(nodes, foundLater(state, id, facts)) } : {}),
  }
}

/** Kinds of devices that exist for bookkeeping; see `deviceKind`. */
const BOOKKEEPING = new Set(['bdi', 'block', 'dax-mapping', 'nd-region', 'nd-dimm', 'nd-bus', 'memory', 'other'])

const devices = (state: DevresState, facts: Facts): DeviceInfo[] => {
  const info = (d: {
    id: number
    name: string
    bus: string | null
    kind: string | null
  }): Omit<DeviceInfo, 'presence' | 'driver' | 'driverState'> => {
    const kind = d.kind ?? facts.value<string>('device', d.id, 'kind')
    return {
      id: d.id,
      name: d.name,
      bus: d.bus ?? facts.value<string>('device', d.id, 'bus'),
      kind,
      bookkeeping: BOOKKEEPING.has(kind ?? 'other'),
    }
  }
  const known = [...state.devices.values()].map((d): DeviceInfo => ({
    ...info(d),
    presence: d.presence,
    driver: d.driver.name,
    driverState: d.driver.state,
  }))
  const later = facts
    .ids('device')
    .filter((id) => !state.devices.has(id) && facts.value('device', id, 'fromStart') === true)
    .map((id): DeviceInfo => ({
      ...info({ id, name: facts.value<string>('device', id, 'name') ?? '?', bus: null, kind: null }),
      presence: 'present',
      driver: null,
      driverState: null,
    }))
  return [...known, ...later]
}

const LIST: readonly string[] = ['devres']

/** A resource comes and goes with events that name its node, but for passes over the list, and one that takes the place of another. */
function isChangedBy({ type, data }: AnyEvent, key: number | bigint | string): boolean {
  if (type !== 'devres/added' && type !== 'devres/removed' && type !== 'devres/released') return true
  const { node } = data
  return typeof node !== 'string' || typeof key === 'string' || BigInt(node) === BigInt(key)
}

const views: Views = {
  parts: ['kind', 'bus', 'presence', 'driver', 'lastProbe', 'devres', 'learntAt'],
  lists: { devres: { by: ['node', 'name'], isChangedBy } },
  touches: {
    added: LIST,
    removed: LIST,
    replaced: LIST,
    released: LIST,
    'node-found': LIST,
    'release-all-started': LIST,
    'release-group-started': LIST,
    'release-group-ended': LIST,
    warned: LIST,
  },
}

/** Managed resources and driver binding under the contract of a model. */
export const devresModel: Model<DevresState> = {
  name: 'devres',
  catalogue: devresCatalogue,
  initial: initialDevres,
  evolve: evolveDevres,
  invariants: devresInvariants,
  describe,
  views,
  devices,
}
