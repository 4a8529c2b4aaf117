import { declareEvents, f, type EventOf, type Payload } from '@devtrail/events'

const root = f.string('the tree: `iomem`, `ioport`, or the pointer of another root')
const region = f.region('the node')
const start = f.u64('first address')
const end = f.u64('last address, inclusive')

/** Which kernel function put a node in or took it out. */
export const requestHow = [
  'request_region',
  'request_resource',
  'request_resource_conflict',
  'insert_resource',
  'insert_resource_conflict',
  'allocate_resource',
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
    version: 1,
    doc: 'A range was granted: the node is in the tree. Nodes of the parent that an inserted node covers become its children.',
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
    version: 1,
    doc: 'A node came into the tree under a descriptor that was just granted and still had it as a child.',
    fields: {
      root,
      region,
      parent: f.region('the node it hangs under'),
      start,
      end,
      name: f.opt(f.string('its name')),
      flags: f.opt(f.u64('IORESOURCE flags')),
    },
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

export type ResourceTreePayload = Payload<typeof resourceTreeCatalogue>
export type ResourceTreeEvent = EventOf<ResourceTreePayload>
