import { f } from '@devtrail/events'

const device = f.device('the device')
const op = f.oneOf(['read', 'write'], 'which way')

/** The vocabulary of a pmem disk's I/O (drivers/nvdimm/pmem.c). */
export const diskEvents = {
  'address-set': {
    version: 1,
    doc: 'The driver took over what mapping its range gave.',
    kernel: 'pmem_alloc / nvdimm_namespace_attach_pfn / pmem_attach_disk',
    fields: {
      device,
      address: f.opt(f.pointer('where its bytes are from now on; null: nowhere')),
      hasPages: f.bool('whether its pfns are said to have struct pages (PFN_MAP)'),
      dataOffset: f.bytes('from there to the first sector'),
    },
  },
  'bio-queued': {
    version: 1,
    doc: 'A bio entered the queue of a disk.',
    kernel: 'submit_bio_noacct',
    fields: {
      device,
      disk: f.string('name of the disk'),
      op,
      sector: f.count('its first sector of 512 bytes'),
      bytes: f.bytes('how long it is'),
    },
  },
  'bvec-done': {
    version: 1,
    doc: 'A segment of a bio was copied, or could not be.',
    kernel: 'pmem_do_bvec',
    fields: {
      device,
      op,
      offset: f.bytes('from the start of the namespace'),
      bytes: f.bytes('how long it is'),
      errno: f.errno('0 on success'),
    },
  },
  'bio-completed': {
    version: 1,
    doc: 'A bio ended.',
    kernel: 'bio_endio',
    fields: {
      device,
      disk: f.string('name of the disk'),
      op,
      sector: f.count('its first sector of 512 bytes'),
      errno: f.errno('0 on success'),
    },
  },
  'poison-cleared': {
    version: 1,
    doc: 'Bad sectors were asked to be made good.',
    kernel: 'nvdimm_clear_poison',
    fields: {
      device,
      offset: f.bytes('from the start of the namespace'),
      bytes: f.bytes('how many'),
      cleared: f.int('how many were; negative: an errno'),
    },
  },
} as const
