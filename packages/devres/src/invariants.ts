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
