import { hex, type AnyEvent } from '@devtrail/events'

/** What regions and pagemaps are called by where they start: the first that is told of each. */
export class StartNames {
  readonly regions = new Map<number, string>()
  readonly pagemaps = new Map<number, string>()

  /** @returns whether the event named one. */
  see({ data }: AnyEvent): boolean {
    const { region, pagemap, start, name } = data
    if (typeof start !== 'bigint') return false
    const before = this.regions.size + this.pagemaps.size
    if (typeof region === 'number' && !this.regions.has(region)) this.regions.set(region, typeof name === 'string' ? name : hex(start))
    if (typeof pagemap === 'number' && !this.pagemaps.has(pagemap)) this.pagemaps.set(pagemap, hex(start))
    return this.regions.size + this.pagemaps.size > before
  }
}
