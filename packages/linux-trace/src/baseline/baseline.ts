import { parseIomem } from '@devtrail/resource-tree'
import { RecordingError } from '../errors.ts'
import type { ImportContext } from '../import/context.ts'
import { kindOf } from '../import/device-kinds.ts'
import { parseMounts } from './mounts.ts'
import { parseNdctl, type NdNamespace } from './ndctl.ts'

/** What was noted down when the recording began, as text; any part may be missing. */
export interface BaselineTexts {
  readonly iomem?: string
  readonly ndctl?: string
  readonly mounts?: string
}

function iomem(ctx: ImportContext, text: string): void {
  const above: number[] = []
  let lines
  try {
    lines = parseIomem(text)
  } catch (error) {
    throw new RecordingError(`iomem.before: ${(error as Error).message}`, { cause: error })
  }
  for (const { level, start, end, name } of lines) {
    const region = ctx.ids.next('region')
    above.length = level
    ctx.found('resource-tree/found', { root: 'iomem', region, parent: above.at(-1) ?? null, start, end, name })
    above.push(region)
  }
}

function device(ctx: ImportContext, name: string, bus: string, state: 'bound' | 'unbound' | null, driver: string | null): number {
  const id = ctx.ids.next('device')
  ctx.found('devres/device-found', { device: id, name, bus, kind: kindOf(name, bus), state, driver, fromStart: true })
  return id
}

/** A namespace is bound itself only in raw mode; in the other modes a btt, pfn or dax device claims it. */
function namespace(ctx: ImportContext, ns: NdNamespace): void {
  const raw = ns.mode === 'raw' && !ns.disabled
  const id = device(ctx, ns.dev, 'nd', raw ? 'bound' : 'unbound', raw ? 'nd_pmem' : null)
  ctx.namespaces.set(ns.dev, id)
  ctx.found('nvdimm-pmem/namespace-found', {
    device: id,
    mode: ns.mode,
    map: ns.map,
    size: ns.size,
    uuid: ns.uuid,
    sectorSize: ns.sectorSize,
    blockdev: ns.blockdev,
    chardev: ns.chardev,
    region: ns.region,
  })
  if (ns.blockdev !== null && !ns.disabled) ctx.found('nvdimm-pmem/disk-found', { device: raw ? id : null, disk: ns.blockdev })
  for (const dax of ns.daxDevices) {
    const bound = !dax.disabled && !ns.disabled
    const driver = dax.mode === 'system-ram' ? 'kmem' : dax.mode === 'devdax' ? 'device_dax' : null
    device(ctx, dax.chardev, 'dax', bound ? 'bound' : null, bound ? driver : null)
  }
}

/** Says what was found when the recording began. @throws RecordingError naming the file and line that cannot be read */
export function sayBaseline(ctx: ImportContext, texts: BaselineTexts): string[] {
  const missing: string[] = []
  if (texts.iomem === undefined || texts.iomem.trim() === '') missing.push('iomem.before')
  else iomem(ctx, texts.iomem)
  if (texts.ndctl === undefined) missing.push('ndctl.before.json')
  else {
    const listing = parseNdctl(texts.ndctl)
    for (const name of listing.dimms) device(ctx, name, 'nd', null, null)
    for (const name of listing.regions) device(ctx, name, 'nd', null, null)
    for (const ns of listing.namespaces) namespace(ctx, ns)
  }
  if (texts.mounts === undefined) missing.push('mounts.before')
  else {
    const mounts = parseMounts(texts.mounts)
    for (const mount of mounts) ctx.found('nvdimm-pmem/mount-found', { ...mount })
    ctx.found('nvdimm-pmem/mounts-listed', { mounts: mounts.length })
  }
  return missing
}
