/** The memory of a disk or of a character device, as files see it. */
import { errno } from '@devtrail/events'
import { pfnFlags, pfnToPfnT, type DaxDevice } from '@devtrail/memremap'
import { NdPfn, Pmem, type NvdimmMachine, type RequestQueue } from '@devtrail/nvdimm-pmem'

const PAGE = 4096
const SECTORS = PAGE / 512

/** `pmem0` or `dax0.0`. While there is no such device, or it is killed, it is -ENXIO. */
export const daxOf = (machine: NvdimmMachine, name: string): DaxDevice =>
  name.startsWith('dax') ? ofCharacterDevice(machine, name) : ofDisk(machine, name)

/** The device of a disk's driver, also while the disk is on its way out. */
function pmemOf(machine: NvdimmMachine, disk: string): Pmem | null {
  for (const { devices } of machine.regions)
    for (const { drvdata } of devices) if (drvdata instanceof Pmem && drvdata.disk?.name === disk) return drvdata
  return null
}

function ofDisk(machine: NvdimmMachine, disk: string): DaxDevice {
  let entered: RequestQueue | null = null
  return {
    enter: () => {
      const pmem = pmemOf(machine, disk)
      if (pmem === null) return errno.ENXIO
      if (machine.rules !== 'seed') return pmem.disk?.state === 'added' ? 0 : errno.ENXIO
      // The series has the queue entered around each use of the device.
      const error = pmem.queue?.enter({ nowait: true }) ?? errno.ENXIO
      if (error === 0) entered = pmem.queue
      return error
    },
    exit: () => {
      entered?.exit()
      entered = null
    },
    directAccess: (page, pages) => {
      const pmem = pmemOf(machine, disk)
      const total = pmem === null ? 0 : Math.floor(pmem.sectors / SECTORS)
      if (pmem === null || page < 0 || page >= total) return errno.ENXIO
      return { pfn: pmem.directAccess(page * SECTORS).pfn, pages: Math.min(pages, total - page) }
    },
  }
}

/** `dev_dax_get`: the device while device_dax is bound to it. */
function daxDeviceOf(machine: NvdimmMachine, name: string): NdPfn | null {
  for (const { devices } of machine.regions)
    for (const nd of devices) if (nd instanceof NdPfn && nd.daxDevice?.name === name && nd.daxDevice.state === 'bound') return nd
  return null
}

const ofCharacterDevice = (machine: NvdimmMachine, name: string): DaxDevice => ({
  enter: () => (daxDeviceOf(machine, name) === null ? errno.ENXIO : 0),
  exit: () => {},
  directAccess: (page, pages) => {
    const data = daxDeviceOf(machine, name)?.data
    const total = Math.floor((data?.size ?? 0) / PAGE)
    if (data == null || page < 0 || page >= total) return errno.ENXIO
    const first = Number(data.start / BigInt(PAGE))
    return { pfn: pfnToPfnT(first + page, pfnFlags.DEV | pfnFlags.MAP), pages: Math.min(pages, total - page) }
  },
})
