import { asModel, type Model } from '@devtrail/events'
import { devresModel } from '@devtrail/devres'
import { kernelModel } from '@devtrail/linux-trace'
import { memremapModel } from '@devtrail/memremap'
import { nvdimmPmemModel } from '@devtrail/nvdimm-pmem'
import { percpuRefModel } from '@devtrail/percpu-ref'
import { resourceTreeModel } from '@devtrail/resource-tree'

/** From the ground up. */
export const models: readonly Model[] = [
  asModel(percpuRefModel),
  asModel(resourceTreeModel),
  asModel(devresModel),
  asModel(memremapModel),
  asModel(nvdimmPmemModel),
  asModel(kernelModel),
]
