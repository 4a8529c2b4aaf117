import { declareEvents, f, type EventOf, type Payload } from '@devtrail/events'
import { bttEvents } from './btt/btt-events.ts'
import { busEvents } from './bus/bus-events.ts'
import { diskEvents } from './disk/disk-events.ts'
import { mediumEvents } from './power/medium-events.ts'
import { queueEvents } from './queue/queue-events.ts'

const device = f.device('the device')
const errno = f.errno('0 on success')
const call = (edge: 'enter' | 'return', name: string) => ({ edge, name })

/** As ndctl prints them; the last ones are an older ndctl's. */
const MODES = ['raw', 'sector', 'fsdax', 'devdax', 'system-ram', 'unknown', 'memory', 'dax', 'safe']
const MAPS = ['dev', 'mem', 'none']

/** The vocabulary of NVDIMM namespaces, the pmem driver and its disk (drivers/nvdimm, block/). */
export const nvdimmPmemCatalogue = declareEvents('nvdimm-pmem', {
  'namespace-found': {
    version: 1,
    doc: 'A namespace was there when the recording began, as ndctl lists it.',
    identifies: 'device',
    fields: {
      device,
      mode: f.opt(f.usually(MODES, f.string('raw, sector, fsdax or devdax'))),
      map: f.opt(f.usually(MAPS, f.string('where the struct pages live: dev or mem'))),
      size: f.opt(f.bytes('usable size')),
      uuid: f.opt(f.reveals('identity', f.string('uuid'))),
      sectorSize: f.opt(f.bytes('logical block size')),
      blockdev: f.opt(f.string('its disk')),
      chardev: f.opt(f.string('its character device')),
      region: f.opt(f.string('the region it lies in')),
    },
  },
  'disk-found': {
    version: 1,
    doc: 'A disk was there when the recording began.',
    fields: { device: f.opt(device), disk: f.string('name of the disk') },
  },
  'mount-found': {
    version: 1,
    doc: 'A file system was mounted when the recording began.',
    fields: {
      source: f.reveals('path', f.string('what is mounted')),
      target: f.reveals('path', f.string('where')),
      fstype: f.reveals('filesystem', f.string('file system')),
      dax: f.bool('with the dax option'),
    },
  },
  'mounts-listed': {
    version: 1,
    doc: 'The list of mounts that the recording began with is complete.',
    fields: { mounts: f.count('how many') },
  },
  'probe-started': {
    version: 1,
    doc: 'nd_pmem began to probe.',
    kernel: 'nd_pmem_probe',
    call: call('enter', 'nd_pmem_probe'),
    fields: { device },
  },
  'probe-ended': {
    version: 1,
    doc: 'nd_pmem ended its probe; -ENXIO after a successful autodetection means: come back as that.',
    kernel: 'nd_pmem_probe',
    call: call('return', 'nd_pmem_probe'),
    fields: { device, errno, comeBackAs: f.opt(f.oneOf(['btt', 'pfn', 'dax'], 'what was detected; null for nothing')) },
  },
  'attach-disk-started': {
    version: 1,
    doc: 'nd_pmem began to attach its disk.',
    kernel: 'pmem_attach_disk',
    call: call('enter', 'pmem_attach_disk'),
    fields: { device },
  },
  'attach-disk-ended': {
    version: 1,
    doc: 'nd_pmem attached its disk, or failed to.',
    kernel: 'pmem_attach_disk',
    call: call('return', 'pmem_attach_disk'),
    fields: { device, errno },
  },
  'remove-started': {
    version: 1,
    doc: 'nd_pmem began to remove.',
    kernel: 'nd_pmem_remove',
    call: call('enter', 'nd_pmem_remove'),
    fields: { device },
  },
  'remove-ended': {
    version: 1,
    doc: 'nd_pmem removed.',
    kernel: 'nd_pmem_remove',
    call: call('return', 'nd_pmem_remove'),
    fields: { device, errno },
  },
  'shutdown-started': {
    version: 1,
    doc: 'nd_pmem began to shut down.',
    kernel: 'nd_pmem_shutdown',
    call: call('enter', 'nd_pmem_shutdown'),
    fields: { device },
  },
  'shutdown-ended': {
    version: 1,
    doc: 'nd_pmem shut down.',
    kernel: 'nd_pmem_shutdown',
    call: call('return', 'nd_pmem_shutdown'),
    fields: { device, errno },
  },
  'autodetect-started': {
    version: 1,
    doc: 'A namespace began to be searched for a superblock.',
    kernel: 'nd_btt_probe, nd_pfn_probe, nd_dax_probe',
    call: call('enter', 'autodetect'),
    fields: { device, kind: f.oneOf(['btt', 'pfn', 'dax'], 'which one') },
  },
  'autodetect-ended': {
    version: 1,
    doc: 'The search ended.',
    kernel: 'nd_btt_probe, nd_pfn_probe, nd_dax_probe',
    call: call('return', 'autodetect'),
    fields: { device, kind: f.oneOf(['btt', 'pfn', 'dax'], 'which one'), errno },
  },
  'setup-pfn-started': {
    version: 1,
    doc: 'The layout of a pfn or dax namespace began to be read or written.',
    kernel: 'nvdimm_setup_pfn',
    call: call('enter', 'nvdimm_setup_pfn'),
    fields: { device: f.opt(device), pagemapPointer: f.opt(f.pointer('the struct dev_pagemap to be filled')) },
  },
  'setup-pfn-ended': {
    version: 1,
    doc: 'The layout was read or written.',
    kernel: 'nvdimm_setup_pfn',
    call: call('return', 'nvdimm_setup_pfn'),
    fields: { device: f.opt(device), errno },
  },
  'btt-attach-started': {
    version: 1,
    doc: 'A BTT began to be attached.',
    kernel: 'nvdimm_namespace_attach_btt',
    call: call('enter', 'nvdimm_namespace_attach_btt'),
    fields: { device: f.opt(device) },
  },
  'btt-attach-ended': {
    version: 1,
    doc: 'A BTT was attached, or could not be.',
    kernel: 'nvdimm_namespace_attach_btt',
    call: call('return', 'nvdimm_namespace_attach_btt'),
    fields: { device: f.opt(device), errno },
  },
  'btt-detached': { version: 1, doc: 'A BTT was detached.', kernel: 'nvdimm_namespace_detach_btt', fields: { device: f.opt(device) } },
  'disk-added': {
    version: 1,
    doc: 'A disk was added.',
    kernel: 'device_add_disk',
    fields: { device: f.opt(device), disk: f.string('name of the disk'), parent: f.string('name of the device it hangs under') },
  },
  'disk-removed': {
    version: 1,
    doc: 'A disk began to be taken away.',
    kernel: 'del_gendisk',
    fields: { device: f.opt(device), disk: f.string('name of the disk') },
  },
  'disk-identified': {
    version: 1,
    doc: 'It became known whose a disk is.',
    identifies: 'device',
    fields: { device, disk: f.string('name of the disk') },
  },
  'dax-killed': {
    version: 1,
    doc: 'A dax device was marked dead: new mappings fail.',
    kernel: 'kill_dax',
    fields: { device: f.opt(device), dax: f.pointer('the dax_device') },
  },
  ...queueEvents,
  ...diskEvents,
  ...busEvents,
  ...bttEvents,
  ...mediumEvents,
})

export type NvdimmPmemPayload = Payload<typeof nvdimmPmemCatalogue>
export type NvdimmPmemEvent = EventOf<NvdimmPmemPayload>
