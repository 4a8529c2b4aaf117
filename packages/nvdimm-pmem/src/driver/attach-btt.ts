/** nvdimm_namespace_attach_btt (drivers/nvdimm/btt.c): the BTT on a namespace, made where there is none, and its disk. */
import { errno } from '@devtrail/events'
import type { NdBtt } from '../bus/nd-btt.ts'
import type { NdNamespace } from '../bus/nd-namespace.ts'
import { Btt } from '../btt/btt.ts'
import { BttError } from '../btt/btt-error.ts'
import { ARENA_BYTES_MIN } from '../btt/geometry.ts'
import { bttVersions } from '../btt/format.ts'
import { Gendisk, SECTOR, type DiskOps } from '../disk/gendisk.ts'
import { MediumError } from '../media/medium.ts'
import { PartMedium } from '../media/part-medium.ts'
import { diskName } from './pmem.ts'

/** Of struct btt. */
const BTT_BYTES = 120

/** `nd_btt_version`: a namespace whose label says so (since 4.13) has its BTT at its beginning, in version 2.0. */
const versionOf = ({ claimClass }: NdNamespace): '1.1' | '2.0' => (claimClass === 'btt2' ? '2.0' : '1.1')

/** A namespace's bytes, of which the bad ones cannot be read. */
class NamespaceMedium extends PartMedium {
  readonly #ndns: NdNamespace

  constructor(ndns: NdNamespace) {
    super(ndns.medium, 0, ndns.size)
    this.#ndns = ndns
  }

  override readonly isBad = (at: number, length: number): boolean => this.#ndns.badBlocks.hasBytes(at, length)

  override load(at: number, into: Uint8Array): void {
    if (this.isBad(at, into.length)) throw new MediumError('a bad block', at, into.length)
    super.load(at, into)
  }
}

/** What is between the events of attaching: 0, -ENODEV (not configured), -ENXIO (too small), -ENOMEM (whatever else, as in the kernel). */
export function attachBtt(nd: NdBtt, ndns: NdNamespace): number {
  if (ndns.size - bttVersions[versionOf(ndns)].start < ARENA_BYTES_MIN) return errno.ENXIO
  if (nd.live.resources.kmalloc(BTT_BYTES) === null) return errno.ENOMEM
  const btt = openedOrMade(nd, ndns)
  if (btt === null) return errno.ENOMEM
  const disk = Gendisk.alloc(nd, diskName(ndns), opsOf(btt))
  if (disk === null) return errno.ENOMEM
  nd.btt = btt
  disk.capacity = (btt.sectorCount * btt.sectorSize) / SECTOR
  disk.add()
  return 0
}

/** Only a whole first info block counts: without one a configured device is laid out anew. */
function openedOrMade(nd: NdBtt, ndns: NdNamespace): Btt | null {
  const medium = new NamespaceMedium(ndns)
  const version = versionOf(ndns)
  const { start } = bttVersions[version]
  const { emitter, rules } = nd.machine
  const options = { parentUuid: ndns.parentUuid, rules, events: { emitter, name: nd.name, device: nd.id } }
  try {
    return Btt.open(medium, { ...options, start })
  } catch (error) {
    if (!isBttOrMedium(error)) throw error
    if (!(error instanceof BttError && error.errno === errno.ENODEV && error.at === start) || ndns.region.readOnly) return null
  }
  nd.machine.warn(nd.id, 'btt_init', `nd_pmem ${nd.name}: No existing arenas`)
  try {
    return Btt.create(medium, { sectorSize: nd.lbasize, uuid: nd.uuid!, parentUuid: ndns.parentUuid, version }, options)
  } catch (error) {
    if (isBttOrMedium(error)) return null
    throw error
  }
}

const isBttOrMedium = (error: unknown): boolean => error instanceof BttError || error instanceof MediumError

function opsOf(btt: Btt): DiskOps {
  const perSector = btt.sectorSize / SECTOR
  return {
    stopsAtError: true,
    segment: (op, sector, data) => {
      if (sector % perSector !== 0 || data.length % btt.sectorSize !== 0) return errno.EIO
      return op === 'read' ? btt.read(sector / perSector, data) : btt.write(sector / perSector, data)
    },
  }
}

/** `nvdimm_namespace_detach_btt`. */
export function detachBtt(nd: NdBtt): void {
  nd.machine.say('nvdimm-pmem/btt-detached', { device: nd.id }, nd.id)
  const { disk } = nd
  if (disk === null) return
  const drains = nd.machine.rules !== 'seed'
  disk.del(drains)
  disk.put(drains)
  if (!drains) disk.queue.cleanup()
  nd.btt = null
}
