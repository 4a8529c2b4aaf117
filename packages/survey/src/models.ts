/** Where the models meet: nothing else of the house knows all of them. */
import { asModel, type Model, type Vocabulary } from '@devtrail/events'
import { devresModel } from '@devtrail/devres'
import { kernelModel } from '@devtrail/linux-trace'
import { memremapModel } from '@devtrail/memremap'
import { nvdimmPmemModel } from '@devtrail/nvdimm-pmem'
import { percpuRefModel } from '@devtrail/percpu-ref'
import { resourceTreeModel } from '@devtrail/resource-tree'
import { vocabularyOf } from '@devtrail/time-travel'

/** Every model that the command asks, in the order in which a device's parts are shown. */
export const models: readonly Model[] = [
  asModel(devresModel),
  asModel(resourceTreeModel),
  asModel(percpuRefModel),
  asModel(memremapModel),
  asModel(nvdimmPmemModel),
  asModel(kernelModel),
]

export const vocabulary: Vocabulary = vocabularyOf(models)
