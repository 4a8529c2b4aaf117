/** Tasks that wait for a page to become idle before its blocks may be reused (DAX layout breaking). */
import type { Pfn } from '@devtrail/events'

export interface IdleWait {
  pid: number
  comm: string
  call: string
  since: { seq: number; time: number }
  /** The page waited for, once the search has named it. */
  page: { pfn: Pfn; seq: number } | null
  /** When that page became idle, if it has; `woken`: through a put that wakes those who wait. */
  idle: { seq: number; time: number; woken: boolean } | null
  /** False when a gap came since: the wait may be over. */
  sure: boolean
}
