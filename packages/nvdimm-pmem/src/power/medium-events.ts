import { f } from '@devtrail/events'

const medium = f.string('the medium')

/** What is done to a persistent medium. A store is safe from a power failure once it was flushed and its CPU came to a fence. */
export const mediumEvents = {
  stored: {
    version: 1,
    doc: 'Bytes were stored: they may become durable at any time, but need not.',
    fields: {
      medium,
      at: f.bytes('from where on the medium'),
      length: f.bytes('how many'),
      word: f.opt(f.u64('what, of a single word; null: more than that')),
    },
  },
  flushed: {
    version: 1,
    doc: 'Cache lines began to be written back.',
    kernel: 'arch_wb_cache_pmem',
    fields: { medium, at: f.bytes('from where on the medium'), length: f.bytes('how many bytes') },
  },
  fenced: { version: 1, doc: "The CPU's flushes before this are durable.", kernel: 'nvdimm_flush', fields: { medium } },
} as const
