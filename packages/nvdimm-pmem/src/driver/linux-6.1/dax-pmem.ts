/**
 * dax_pmem and device_dax (drivers/dax), which serve a devdax namespace: the first claims what is in front of the data and makes a device on
 * the dax bus, of the same name as often as not; the second claims the data and maps all of it, with pages as large as mappings are.
 */
import { LiveDevice, type Driver } from '@devtrail/devres'
import { errno, hex } from '@devtrail/events'
import { memoryType, type PagemapSpec } from '@devtrail/memremap'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import { NdPfn } from '../../bus/nd-pfn.ts'
import { commonProbe } from '../common-probe.ts'
import { regionText, requestMemRegion } from '../mem-region.ts'
import { disable, enable } from './nsio.ts'
import { INFO_WINDOW_BYTES, setupPfn } from './setup-pfn.ts'

const PAGE = 4096
/** Of struct dev_pagemap on the stack of the probe. */
const STACK = 0xffff_c900_0000_0000n

/** `dax_pmem_probe`: 0, -ENODEV, -EBUSY, or what setting up, mapping or device_dax gave. */
export function probeDaxPmem(nd: NdPfn): number {
  const ndns = commonProbe(nd)
  if (typeof ndns === 'number') return ndns
  const window = enable(nd, ndns, Math.min(INFO_WINDOW_BYTES, ndns.size))
  if (typeof window === 'number') return window
  const setup = setupPfn(nd, ndns, window, hex(STACK + BigInt(nd.id) * 0x100n))
  if (typeof setup === 'number') return setup
  disable(setup.window)
  const { startPad, dataoff } = setup.superblock
  const { start } = ndns.range
  const front = { start, end: start + BigInt(startPad + dataoff) - 1n }
  if (!requestMemRegion(nd, front, ndns.name)) {
    nd.machine.warn(nd.id, '__dax_pmem_probe', `could not reserve metadata ${regionText(front)}`)
    return errno.EBUSY
  }
  return createDevDax(nd, ndns, setup.pgmap)
}

/** `alloc_dax_region` and `devm_create_dev_dax`. */
function createDevDax(nd: NdPfn, ndns: NdNamespace, pgmap: PagemapSpec): number {
  const { machine, live } = nd
  const { resources } = live
  if (resources.addAction(dax_region_unregister, nd) !== 0) return errno.ENOMEM
  // It is run by device_dax; until then nobody may use it.
  kill_dax(nd)
  const dev = new LiveDevice(machine.core, { name: `dax${ndns.region.index}.${ndns.index}`, bus: 'dax', kind: 'dax' })
  nd.daxDevice = dev
  // That it is not bound is no error of its maker.
  dev.probe(deviceDax(nd, pgmap))
  const failed = resources.addActionOrReset(unregister_dev_dax, nd)
  if (failed !== 0) return failed
  return resources.addActionOrReset(unregister_dax_mapping, new LiveDevice(machine.core, { name: 'mapping0', kind: 'dax-mapping' }))
}

/** `dev_dax_probe`. */
function deviceDax(nd: NdPfn, pgmap: PagemapSpec): Driver {
  const { machine } = nd
  return {
    name: 'device_dax',
    probe: (dev) => {
      machine.bindPins(dev)
      const { start, end } = pgmap.ranges[0]!
      const data = { start: start + BigInt(nd.superblock!.dataoff), end }
      if (!requestMemRegion({ machine, live: dev, id: dev.id }, data, dev.name)) return errno.EBUSY
      const shift = Math.log2(nd.align / PAGE)
      const mapped = machine.registry.devmMemremapPages(dev, { ...pgmap, type: memoryType.GENERIC, vmemmapShift: shift })
      if (typeof mapped === 'number') return mapped
      nd.pagemap = mapped.pagemap
      return dev.resources.addActionOrReset(dev_dax_cdev_del, nd) || dev.resources.addActionOrReset(dev_dax_kill, nd)
    },
  }
}

function kill_dax(nd: NdPfn, device = nd.id): void {
  nd.machine.say('nvdimm-pmem/dax-killed', { device, dax: hex(0xffff_8881_4000_0000n + BigInt(nd.id) * 0x400n) }, device)
}

function dax_region_unregister(): void {}

/** The range of a dax device has a struct device, too. */
function unregister_dax_mapping(mapping: LiveDevice): void {
  mapping.del()
  mapping.put()
}

function dev_dax_cdev_del(): void {}

/** Whoever has it mapped is thrown out. */
function dev_dax_kill(nd: NdPfn): void {
  kill_dax(nd, nd.daxDevice!.id)
}

function unregister_dev_dax(nd: NdPfn): void {
  kill_dax(nd)
  nd.daxDevice?.del()
  nd.daxDevice?.put()
  nd.daxDevice = null
  nd.pagemap = null
}
