/** Everything that is fuzzed. Import only after `instrument()`: what these load is what is measured. */
import type { Target } from '@devtrail/fuzz'
import { besideTarget } from './targets/beside.ts'
import { btfTarget } from './targets/btf.ts'
import { damageTarget } from './targets/damage.ts'
import { datTarget } from './targets/dat.ts'
import { textTarget } from './targets/text.ts'

export const targets: readonly Target[] = [textTarget, datTarget, damageTarget, besideTarget, btfTarget]
