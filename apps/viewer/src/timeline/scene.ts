import type { Opened, ScanState, Why } from '../protocol.ts'
import type { Clock } from './clock.ts'
import type { Scale } from './scale.ts'
import type { ShownRow } from './shown-rows.ts'
import type { Theme } from './theme.ts'

/** All that a drawing shows. */
export interface Scene {
  readonly opened: Opened
  readonly scan: ScanState | null
  readonly rows: readonly ShownRow[]
  readonly clock: Clock
  readonly theme: Theme
  readonly scale: Scale
  /** The whole of the axis. */
  readonly limits: readonly [number, number]
  readonly tops: Float64Array
  readonly scrollTop: number
  readonly height: number
  readonly current: number
  readonly at: number
  readonly compare: number | null
  readonly why: Why | null
}
