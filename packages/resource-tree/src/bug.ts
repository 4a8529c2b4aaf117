import { hex } from '@devtrail/events'
import type { Resource } from './resource.ts'

/** The caller broke a promise: the kernel would crash, hang or corrupt its lists here. */
export class ResourceTreeBug extends Error {
  override readonly name = 'ResourceTreeBug'
}

/** `afterEvent` is the number of the last event. */
export function bug({ name, start, end }: Resource, what: string, afterEvent: number): ResourceTreeBug {
  return new ResourceTreeBug(`${name ?? '<BAD>'} [${hex(start)}-${hex(end)}] ${what} (after event ${afterEvent})`)
}
