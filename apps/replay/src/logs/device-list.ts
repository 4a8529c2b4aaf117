import type { DeviceInfo } from '@devtrail/events'
import type { Names } from '@devtrail/survey'

/** The keys of the devices of a log, each once, without bookkeeping ones. */
export const deviceKeysOf = (devices: readonly DeviceInfo[], names: Names): string[] => [
  ...new Set(devices.filter((d) => !d.bookkeeping).map((d) => names.device(d.id))),
]
