/** Everything that is fuzzed. Import only after `instrument()`: what these load is what is measured. */
import type { Target } from '@devtrail/fuzz'
import { blockTarget } from './targets/block.ts'
import { jsonTarget } from './targets/json.ts'
import { keyframeTarget } from './targets/keyframe.ts'
import { segmentTarget } from './targets/segment.ts'

export const targets: readonly Target[] = [blockTarget, segmentTarget, keyframeTarget, jsonTarget]
