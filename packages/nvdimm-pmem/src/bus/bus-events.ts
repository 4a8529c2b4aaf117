import { f } from '@devtrail/events'

const device = f.device('the device')
const errno = f.errno('0 on success')

/** The vocabulary of the nvdimm bus: claims and attributes (drivers/nvdimm). */
export const busEvents = {
  'namespace-claimed': {
    version: 1,
    doc: 'A btt, pfn or dax device took a namespace for itself.',
    kernel: '__nd_attach_ndns',
    fields: { device: f.device('the namespace'), by: f.string('name of the device that holds it now') },
  },
  'namespace-unclaimed': {
    version: 1,
    doc: 'A namespace was given back.',
    kernel: '__nd_detach_ndns',
    fields: { device: f.device('the namespace'), by: f.string('name of the device that held it') },
  },
  'attribute-stored': {
    version: 1,
    doc: 'Somebody wrote to an attribute of a device in sysfs.',
    fields: {
      device,
      attribute: f.string('which one'),
      value: f.text('what was written'),
      errno,
    },
  },
  'seed-advanced': {
    version: 1,
    doc: 'The seed device of a kind was taken into use; there is a new one.',
    kernel: 'nd_region_advance_seeds',
    fields: {
      device: f.device('the one that was taken'),
      kind: f.oneOf(['namespace', 'btt', 'pfn', 'dax'], 'of which kind'),
      next: f.string('name of the new one'),
    },
  },
  'superblock-written': {
    version: 1,
    doc: 'The superblock of a pfn or dax device was written, or could not be.',
    kernel: 'nd_pfn_init',
    fields: {
      device,
      dataoff: f.bytes('from the namespace to its data'),
      npfns: f.count('pages of data'),
      mode: f.oneOf(['ram', 'pmem'], 'where the struct pages are'),
      errno,
    },
  },
  warned: {
    version: 1,
    doc: 'The driver, or what it calls, printed a warning.',
    fields: { device: f.opt(device), by: f.string('the function'), message: f.text('what it says') },
  },
} as const
