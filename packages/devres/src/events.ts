import { declareEvents, f, type EventOf, type Payload } from '@devtrail/events'
import { bindingSteps } from './rules.ts'

const device = f.device('the device')
const node = f.pointer('the devres node')
const release = f.opt(f.string('symbol of the release function'))
const size = f.opt(f.bytes('size of the managed data'))

/** Why a device's managed resources were released. */
export const releaseReasons = ['unbind', 'probe-failed', 'device-del', 'device-release', 'explicit', 'unknown'] as const
/** What became of a probe: `not-bound` is one of rejected, deferred and failed, where the error is not known. */
export const probeOutcomes = ['bound', 'rejected', 'deferred', 'failed', 'not-bound', 'unknown'] as const
/** Where a device stands with its driver. */
export const driverStates = ['unbound', 'probing', 'bound', 'unbinding'] as const
/** Conditions at which the kernel warns. */
export const devresWarnings = ['resources-present', 'action-absent', 'group-absent', 'memory-absent', 'not-initialised'] as const

/** The vocabulary of managed resources (drivers/base/devres.c) and of the binding that releases them (drivers/base/dd.c). */
export const devresCatalogue = declareEvents('devres', {
  'device-found': {
    version: 1,
    doc: 'A device was there already when it was first mentioned.',
    identifies: 'device',
    fields: {
      device,
      name: f.string('dev_name()'),
      bus: f.opt(f.string('its bus')),
      kind: f.opt(f.string('what it is: `nd-pfn`, `nd-namespace`, `dax`, `block`, …')),
      state: f.opt(f.oneOf(driverStates, 'driver state as found')),
      driver: f.opt(f.string('driver it was bound to as found')),
      fromStart: f.bool('whether it is known to have been there when the recording began'),
    },
  },
  'device-added': {
    version: 1,
    doc: 'A device was registered: a new incarnation, unbound and without managed resources.',
    kernel: 'device_add',
    identifies: 'device',
    fields: { device, name: f.string('dev_name()'), bus: f.opt(f.string('its bus')), kind: f.opt(f.string('what it is')) },
  },
  'device-identified': {
    version: 1,
    doc: 'More became known about a device.',
    identifies: 'device',
    fields: { device, bus: f.opt(f.string('its bus')), kind: f.opt(f.string('what it is')) },
  },
  'device-doubted': {
    version: 1,
    doc: 'Something happened to a device of this name, and it cannot be told whether to this one: what was known of it may no longer hold.',
    fields: { device },
  },
  'probe-started': {
    version: 1,
    doc: 'The driver core began to probe a device.',
    kernel: 'really_probe',
    call: { edge: 'enter', name: 'really_probe' },
    fields: {
      device,
      driver: f.opt(f.string('the driver tried')),
      listed: f.bool('whether what is added to its list is told'),
    },
  },
  'probe-ended': {
    version: 2,
    upcasts: { 1: (old) => old },
    doc: 'Probing ended.',
    kernel: 'really_probe',
    call: { edge: 'return', name: 'really_probe' },
    fields: {
      device,
      errno: f.opt(f.errno('0 when bound; null where a kernel or a trace does not tell')),
      outcome: f.oneOf(probeOutcomes, 'what became of it'),
    },
  },
  'remove-started': {
    version: 1,
    doc: "The driver's remove callback was entered: an unbind is under way.",
    fields: { device, driver: f.opt(f.string('the driver')) },
  },
  'unbind-cleanup-started': {
    version: 1,
    doc: 'The driver core began to clean up after an unbind or after a failed probe.',
    kernel: 'device_unbind_cleanup',
    fields: { device, reason: f.oneOf(['unbind', 'probe-failed', 'unknown'], 'which of the two, where it can be told') },
  },
  added: {
    version: 1,
    doc: 'A managed resource was added at the end of the list.',
    kernel: 'devres_add',
    fields: { device, node, release, size },
  },
  'node-found': {
    version: 1,
    doc: 'A managed resource was on the list already before it was first mentioned.',
    identifies: 'managed',
    fields: {
      managed: f.managed('the managed resource'),
      device,
      node,
      release,
      size,
      fromStart: f.bool('whether it is known to have been there when the recording began'),
    },
  },
  removed: {
    version: 1,
    doc: 'A managed resource was taken out without its callback being run by devres (ADD undone, or released by hand).',
    kernel: 'devres_remove',
    fields: { device, node, release, size },
  },
  replaced: {
    version: 2,
    doc: 'A managed resource was replaced in its place (devm_krealloc); the successor keeps the slot.',
    kernel: 'devm_krealloc',
    fields: {
      device,
      node,
      release,
      size,
      successor: f.opt(f.pointer('the node that stands there now; null: not known')),
      successorSize: f.opt(f.bytes('size of its data; null: not known')),
    },
    upcasts: { 1: (data) => ({ ...data, successor: null, successorSize: null }) },
  },
  'release-all-started': {
    version: 1,
    doc: "A device's managed resources began to be released.",
    kernel: 'devres_release_all',
    call: { edge: 'enter', name: 'devres_release_all' },
    fields: { device, listed: f.bool('whether what is released is told one by one') },
  },
  released: {
    version: 1,
    doc: 'A managed resource was detached and its callback is run next.',
    kernel: 'release_nodes',
    fields: { device, node, release, size },
  },
  'release-all-ended': {
    version: 1,
    doc: "A device's managed resources were released.",
    kernel: 'devres_release_all',
    call: { edge: 'return', name: 'devres_release_all' },
    fields: {
      device,
      count: f.int('what the kernel says it released, group markers left out; negative: an errno'),
      reason: f.oneOf(releaseReasons, 'why; `device-del` also means the device left its bus, `device-release` that it is gone'),
    },
  },
  'release-group-started': {
    version: 1,
    doc: 'The resources of a group began to be released.',
    kernel: 'devres_release_group',
    call: { edge: 'enter', name: 'devres_release_group' },
    fields: { device, group: f.pointer('the node of its opening marker') },
  },
  'release-group-ended': {
    version: 1,
    doc: 'The resources of a group were released.',
    kernel: 'devres_release_group',
    call: { edge: 'return', name: 'devres_release_group' },
    fields: { device, count: f.int('how many, group markers left out') },
  },
  'binding-step-taken': {
    version: 1,
    doc: 'A step of an unbind or of the cleanup after a failed probe was taken.',
    kernel: '__device_release_driver / really_probe',
    fields: { device, step: f.oneOf(bindingSteps, 'which one') },
  },
  'device-removed': {
    version: 1,
    doc: 'A device left its bus; it lives until its last reference is dropped.',
    kernel: 'device_del',
    fields: { device },
  },
  warned: {
    version: 2,
    doc: 'A condition held at which the kernel warns.',
    fields: { device, warning: f.oneOf(devresWarnings, 'which one'), by: f.opt(f.string('function that warns; null: not known')) },
    upcasts: { 1: (data) => ({ ...data, by: null }) },
  },
})

/** Type and data of each event of devres. */
export type DevresPayload = Payload<typeof devresCatalogue>
/** An event of devres, in its envelope. */
export type DevresEvent = EventOf<DevresPayload>
