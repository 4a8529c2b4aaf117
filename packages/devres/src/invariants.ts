import type { AnyEvent, Invariant, Violation } from '@devtrail/events'
import type { Device, DevresState, ReleasePass } from './state.ts'

function violation(event: AnyEvent, device: Device, pass: ReleasePass, rule: string, summary: string, data: Violation['data']): Violation {
  return {
    rule,
    certainty: pass.whole ? 'certain' : 'possible',
    seq: event.seq,
    time: event.time,
    device: device.id,
    summary,
    evidence: [...new Set([pass.startedAt, ...pass.broken!.against, event.seq])].toSorted((a, b) => a - b),
    data,
  }
}

/** Callbacks run in strict reverse order of adding. */
export const releaseOrder: Invariant<DevresState> = {
  id: 'devres/release-order',
  on: ['released'],
  says: 'One release pass runs the callbacks in strict reverse order of adding.',
  because: 'drivers rely on it: what was set up last is torn down first (drivers/base/devres.c, release_nodes).',
  judge: (state, event) => {
    if (event.type !== 'devres/released') return []
    const device = state.devices.get(event.data['device'] as number)
    const pass = device?.passes.at(-1)
    if (device === undefined || pass?.broken?.rule !== 'order') return []
    const release = event.data['release'] as string | null
    const summary = `${device.name}: ${release ?? 'a resource'} (node ${String(event.data['node'])}) was released after a resource that had been added before it`
    return [
      violation(event, device, pass, 'devres/release-order', summary, {
        node: String(event.data['node']),
        release,
      }),
    ]
  },
}

/** devres_release_all returns the number of resources it released. */
export const releaseCount: Invariant<DevresState> = {
  id: 'devres/release-count',
  on: ['release-all-ended', 'release-group-ended'],
  says: 'A release pass releases as many resources as it says, group markers left out.',
  because: 'devres_release_all returns the number of its release_nodes; a difference means a node was freed or lost in between.',
  judge: (state, event) => {
    if (event.type !== 'devres/release-all-ended' && event.type !== 'devres/release-group-ended') return []
    const device = state.devices.get(event.data['device'] as number)
    const pass = device?.ended
    if (device === undefined || pass?.broken?.rule !== 'count') return []
    const { expected, found } = pass.broken
    const summary = `${device.name}: the kernel says ${expected} resources were released, the recording shows ${found}`
    return [violation(event, device, pass, 'devres/release-count', summary, { expected, found })]
  },
}

/** Nothing that was there when devres_release_all began is there when it ends. */
export const leftBehind: Invariant<DevresState> = {
  id: 'devres/left-behind',
  on: ['release-all-ended'],
  says: 'devres_release_all leaves nothing on the list but what its callbacks added.',
  because:
    'it detaches the whole list at once (drivers/base/devres.c, devres_release_all); what stays would leak, or be released under the next driver.',
  judge: (state, event) => {
    if (event.type !== 'devres/release-all-ended') return []
    const device = state.devices.get(event.data['device'] as number)
    const pass = device?.ended
    if (device === undefined || pass?.broken?.rule !== 'left-behind') return []
    const { found } = pass.broken
    const summary = `${device.name}: ${found} ${found === 1 ? 'resource that was' : 'resources that were'} on the list stayed there when all were released`
    return [violation(event, device, pass, 'devres/left-behind', summary, { found })]
  },
}

/** devres_release_group releases what was added between its markers, and nothing else. */
export const groupRange: Invariant<DevresState> = {
  id: 'devres/group-range',
  on: ['released'],
  says: 'The release of a group touches nothing that was added before the group was opened or after it was closed.',
  because: 'a part of a probe that is undone must not take away what other parts rely on (drivers/base/devres.c, remove_nodes).',
  judge: (state, event) => {
    if (event.type !== 'devres/released') return []
    const device = state.devices.get(event.data['device'] as number)
    const pass = device?.passes.at(-1)
    if (device === undefined || pass?.broken?.rule !== 'group-range') return []
    const release = event.data['release'] as string | null
    const summary = `${device.name}: ${release ?? 'a resource'} (node ${String(event.data['node'])}) was released with a group that it is not in`
    return [violation(event, device, pass, 'devres/group-range', summary, { node: String(event.data['node']), release })]
  },
}

/** All rules. */
export const devresInvariants: readonly Invariant<DevresState>[] = [releaseOrder, releaseCount, leftBehind, groupRange]
