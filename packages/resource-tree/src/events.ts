import { declareEvents, f, type EventOf, type Payload } from '@devtrail/events'

const root = f.string('the tree: `iomem`, `ioport`, or the pointer of another root')
const region = f.region('the node')
const start = f.u64('first address')
const end = f.u64('last address, inclusive')
const nodeFlags = f.opt(f.u64('IORESOURCE flags of the node as it stands; null: not known'))
const desc = f.opt(f.count('IORES_DESC of the node; null: not known'))
const place = f.opt(f.count('how many siblings stand before it; null: as many as start before it'))

/** Which kernel function put a node in or took it out. */
export const requestHow = [
  'request_region',
  'request_resource',
  'request_resource_conflict',
  'insert_resource',
  'insert_resource_conflict',
  'allocate_resource',
  'insert_resource_expand_to_fit',
] as const
export const releaseHow = ['release_region', 'release_resource', 'remove_resource', 'release_mem_region_adjustable', 'unseen'] as const

/** The vocabulary of the resource tree (`struct resource`, kernel/resource.c). */
export const resourceTreeCatalogue = declareEvents('resource-tree', {
  found: {
    version: 1,
    doc: 'A node stood in the tree when the recording began.',
    fields: {
      root,
      region,
      parent: f.opt(f.region('the node it stands under; null for the root')),
      start,
      end,
      name: f.opt(f.string('its name; null where the kernel prints <BAD>')),
    },
  },
  'request-started': {
    version: 1,
    doc: 'A task asked for a range.',
    fields: {
      how: f.oneOf(requestHow, 'the function called'),
      parent: f.pointer('the resource it was asked of'),
      resource: f.opt(f.pointer('the descriptor handed in; null where the kernel allocates one')),
      start,
      end: f.opt(f.u64('last address, inclusive, where the caller gave one')),
      size: f.opt(f.u64('bytes, where the caller gave a size')),
      name: f.opt(f.string('the name wanted')),
      flags: f.opt(f.u64('IORESOURCE flags')),
    },
  },
  requested: {
    version: 2,
    doc: 'A range was granted: the node is in the tree. Nodes of the parent that an inserted node covers become its children.',
    upcasts: { 1: (old) => ({ ...old, nodeFlags: null, desc: null, place: null, adopted: null }) },
    fields: {
      root,
      region,
      parent: f.opt(f.region('the node it was put under; null for the root')),
      start,
      end,
      name: f.opt(f.string('its name')),
      flags: f.opt(f.u64('IORESOURCE flags handed in, without those the kernel adds')),
      how: f.oneOf(requestHow, 'the function called'),
      pointer: f.opt(f.pointer('the struct resource')),
      nodeFlags,
      desc,
      place,
      adopted: f.opt(f.count('how many siblings from its place on became its children; null: those that an inserted node covers')),
    },
  },
  refused: {
    version: 1,
    doc: 'A range was not granted; the tree is unchanged.',
    fields: {
      root,
      start,
      end: f.opt(end),
      name: f.opt(f.string('the name wanted')),
      how: f.oneOf(requestHow, 'the function called'),
      errno: f.opt(f.errno('what the caller got; null where it got NULL')),
    },
  },
  released: {
    version: 1,
    doc: 'A node left the tree: with its children under it, or (remove_resource) its children took its place.',
    fields: {
      root,
      region: f.opt(f.region('the node; null when it was not known to be there')),
      start,
      end,
      name: f.opt(f.string('its name, where the call names it')),
      how: f.oneOf(releaseHow, 'the function called; `unseen`: that it had left follows from what came after'),
      pointer: f.opt(f.pointer('the parent or descriptor handed in')),
    },
  },
  'owner-identified': {
    version: 1,
    doc: 'It became known which device requested a node.',
    identifies: 'region',
    fields: { region, device: f.device('the device whose managed resource it is') },
  },
  split: {
    version: 1,
    doc: 'The middle of a node was taken out: it ends earlier, and a new node stands behind the hole. Children stay with the lower part.',
    kernel: 'release_mem_region_adjustable',
    fields: {
      root,
      region: f.region('the lower part'),
      end: f.u64('its new last address, inclusive'),
      upper: f.region('the node behind the hole'),
      upperStart: f.u64('its first address'),
      upperEnd: f.u64('its last address, inclusive'),
    },
  },
  adjusted: {
    version: 1,
    doc: 'The range of a node changed.',
    fields: { root, region, start, end },
  },
  created: {
    version: 1,
    doc: 'A tree was made, empty: from here on everything in it is known.',
    fields: { root, start, end },
  },
  carried: {
    version: 2,
    doc: 'A node came into the tree under a descriptor that was just granted and still had it as a child, behind those that came before it.',
    upcasts: { 1: (old) => ({ ...old, desc: null }) },
    fields: {
      root,
      region,
      parent: f.region('the node it hangs under'),
      start,
      end,
      name: f.opt(f.string('its name')),
      flags: f.opt(f.u64('IORESOURCE flags')),
      desc,
    },
  },
  moved: {
    version: 1,
    doc: 'A node without children was given another range, which it has its place by.',
    kernel: 'reallocate_resource',
    fields: { root, region, parent: f.opt(f.region('the node it stands under now; null for the root')), start, end, place },
  },
  'root-adjusted': {
    version: 1,
    doc: 'The range of the root itself changed.',
    kernel: 'adjust_resource',
    fields: { root, start, end },
  },
  described: {
    version: 1,
    doc: 'The owner of a node changed what it is.',
    fields: { root, region, name: f.opt(f.string('its name')), flags: f.u64('IORESOURCE flags'), desc: f.count('IORES_DESC') },
  },
  'children-released': {
    version: 1,
    doc: 'Everything under a node left the tree, each for itself: it has no parent and no children any more, and starts at 0.',
    kernel: 'release_child_resources',
    fields: { root, region: f.opt(f.region('the node; null for the root')), count: f.count('how many nodes left') },
  },
  expanded: {
    version: 1,
    doc: 'A descriptor that is not in the tree yet was widened to what it conflicts with; the tree is unchanged.',
    kernel: 'insert_resource_expand_to_fit',
    fields: {
      root,
      start: f.u64('its first address now'),
      end: f.u64('its last address now, inclusive'),
      name: f.opt(f.string('its name')),
      conflict: f.opt(f.region('the node in the way')),
    },
  },
  'wait-started': {
    version: 1,
    doc: 'A request for a MUXED region began to wait, as a MUXED region is in the way.',
    kernel: 'muxed_resource_wait',
    call: { edge: 'enter', name: 'muxed_resource_wait', waitsFor: 'the release of a MUXED region' },
    fields: { root, start, end, name: f.opt(f.string('the name wanted')), conflict: f.opt(f.region('the node in the way')) },
  },
  'wait-ended': {
    version: 1,
    doc: 'A MUXED region was released; the request looks again.',
    kernel: 'muxed_resource_wait',
    call: { edge: 'return', name: 'muxed_resource_wait' },
    fields: { root, start, end, name: f.opt(f.string('the name wanted')) },
  },
  'allocation-failed': {
    version: 1,
    doc: 'There was no memory for a node; the tree is unchanged.',
    fields: { root, start, end, by: f.oneOf(['request_region', 'release_mem_region_adjustable'], 'the function that wanted it') },
  },
  'release-refused': {
    version: 1,
    doc: 'A descriptor was not where its parent says; the tree is unchanged.',
    fields: {
      root,
      start,
      end,
      name: f.opt(f.string('its name')),
      how: f.oneOf(releaseHow, 'the function called'),
      errno: f.errno('what the caller got'),
    },
  },
  warned: {
    version: 1,
    doc: 'The kernel warned about a call; the tree is unchanged.',
    fields: { root, start, end, by: f.string('the function that warned'), message: f.text('what it said') },
  },
})

/** Type and data of each event of the tree. */
export type ResourceTreePayload = Payload<typeof resourceTreeCatalogue>
/** An event of the tree, in its envelope. */
export type ResourceTreeEvent = EventOf<ResourceTreePayload>
