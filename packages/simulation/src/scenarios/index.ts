/** Scenarios to begin with. Each that is the twin of a recording has its name. */
import type { Scenario } from '../scenario/scenario.ts'
import { devdaxDev } from './devdax-dev.ts'
import { directIoAndTruncate } from './direct-io-and-truncate.ts'
import { failedMapping } from './failed-mapping.ts'
import { fsdaxDev } from './fsdax-dev.ts'
import { fsdaxGupStress } from './fsdax-gup-stress.ts'
import { fsdaxPinnedUnbind } from './fsdax-pinned-unbind.ts'
import { fsdaxSplice } from './fsdax-splice.ts'
import { fsdaxTruncateHang } from './fsdax-truncate-hang.ts'
import { lostMapping } from './lost-mapping.ts'
import { rawBindUnbind } from './raw-bind-unbind.ts'
import { sectorBtt4096 } from './sector-btt-4096.ts'
import { spliceRaces } from './splice-races.ts'
import { unbindUnderLoad } from './unbind-under-load.ts'
import { wholeLife } from './whole-life.ts'

export const scenarios: readonly Scenario[] = [
  fsdaxPinnedUnbind,
  fsdaxSplice,
  fsdaxTruncateHang,
  fsdaxGupStress,
  fsdaxDev,
  devdaxDev,
  sectorBtt4096,
  rawBindUnbind,
  directIoAndTruncate,
  failedMapping,
  lostMapping,
  spliceRaces,
  unbindUnderLoad,
  wholeLife,
]
