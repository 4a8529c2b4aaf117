/** The hosts of a log, and how sure their times are. */
import type { EventBlock, HostId } from '@devtrail/events'
import type { LogBlocks } from '../log-blocks.ts'
import type { SourceStart } from '../source.ts'

/** A host of a log of several. */
export interface Host {
  readonly id: HostId
  readonly name: string
  readonly isReference: boolean
}

interface Setting {
  readonly seq: number
  readonly offset: number
  readonly uncertainty: number | null
  readonly basis: string
}

export type HostClockAt = Omit<Setting, 'seq'>

async function* eventsOf(blocks: LogBlocks, type: string): AsyncGenerator<ReturnType<EventBlock['event']>> {
  for await (const block of blocks.blocks({ types: [type] })) {
    const wanted = block.types.findIndex(({ name }) => name === type)
    if (wanted < 0) continue
    for (let place = 0; place < block.count; place++) if (block.type[place] === wanted) yield block.event(place)
  }
}

/** The hosts that joined a log; none in a log of one host. `start`: of one whose head is gone, where it begins. */
export async function hostsOf(blocks: LogBlocks, start?: SourceStart): Promise<Host[]> {
  if (start?.hosts !== undefined) return start.hosts.map((host, i) => ({ id: i + 1, ...host }))
  const hosts: Host[] = []
  for await (const { data } of eventsOf(blocks, 'log/host-joined')) {
    hosts.push({ id: data['host'] as number, name: data['name'] as string, isReference: data['reference'] === true })
  }
  return hosts
}

/** What a log of several hosts says of their clocks. */
export class HostClocks {
  readonly hosts: readonly Host[]
  readonly #settings: ReadonlyMap<HostId, readonly Setting[]>

  private constructor(hosts: readonly Host[], settings: ReadonlyMap<HostId, readonly Setting[]>) {
    this.hosts = hosts
    this.#settings = settings
  }

  static async of(blocks: LogBlocks, start?: SourceStart): Promise<HostClocks> {
    const hosts = await hostsOf(blocks, start)
    // How clocks stood is gone with the head: only the log's own is known.
    const before = ({ isReference }: Host): Setting[] => {
      if (start === undefined) return []
      return [{ seq: start.seq, offset: 0, uncertainty: isReference ? 0 : null, basis: isReference ? 'reference' : 'none' }]
    }
    const settings = new Map<HostId, Setting[]>(hosts.map((host) => [host.id, before(host)]))
    if (hosts.length === 0) return new HostClocks(hosts, settings)
    for await (const { seq, data } of eventsOf(blocks, 'log/clock-set')) {
      const [offset, uncertainty, basis] = [data['offset'] as number, data['uncertainty'] as number | null, data['basis'] as string]
      settings.get(data['host'] as number)?.push({ seq, offset, uncertainty, basis })
    }
    return new HostClocks(hosts, settings)
  }

  /** How a host's clock was set when event `seq` happened; null where nothing says so. */
  at(host: HostId, seq: number): HostClockAt | null {
    const settings = this.#settings.get(host) ?? []
    let [low, high] = [0, settings.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (settings[middle]!.seq <= seq) low = middle + 1
      else high = middle
    }
    return settings[low - 1] ?? null
  }

  /** Every setting of a host's clock, in order. */
  of(host: HostId): readonly Setting[] {
    return this.#settings.get(host) ?? []
  }

  /** The most that any host's time is off, in nanoseconds; Infinity: of one nothing is known. */
  get mostUncertain(): number {
    let most = 0
    for (const settings of this.#settings.values()) for (const { uncertainty } of settings) most = Math.max(most, uncertainty ?? Infinity)
    return most
  }
}
