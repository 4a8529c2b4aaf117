/** Events of several hosts that tell how their clocks stand to each other. */
import type { AnyEvent, EventBlock } from '@devtrail/events'

/** What an event says of a happening that other hosts tell of as well. */
export interface Happening {
  /** By what the events of one happening are found. */
  readonly id: string
  /** `out`: before a message left; `in`: after it was there; `same`: at the same time as on other hosts. */
  readonly role: 'out' | 'in' | 'same'
  /** Of `same`: how far apart it may be, in nanoseconds. */
  readonly within: number
}

/** Knows such events. */
export interface HappeningFinder {
  /** Whether events of a type can be such. */
  readonly mayFit: (type: string) => boolean
  readonly of: (event: AnyEvent) => Happening | null
}

/** A happening in a host's log. */
export interface Told extends Happening {
  readonly seq: number
  readonly time: number
  /** Which life of the host's clock, from 0. */
  readonly boot: number
}

/** One life of a host's clock: a reboot begins another. */
export interface Boot {
  /** The event it begins with, and the first and last reading. */
  readonly from: number
  readonly start: number
  readonly end: number
}

/** What has to be known of a host's log before it is merged. */
export interface HostLook {
  /** Of a log without events behind the baseline one. */
  readonly boots: readonly Boot[]
  readonly told: readonly Told[]
  /** How many more there are that were not kept. */
  readonly toldMore: number
  /** Baseline included. */
  readonly events: number
  /** Its first event behind the baseline; more than 1 where its head is gone. */
  readonly firstSeq: number
  /** What its last event says; null: its end is missing. */
  readonly complete: boolean | null
  /** Whether it is of several hosts already. */
  readonly isMerged: boolean
}

/** A clock that drops by more is another boot's, as for the import. */
export const REBOOT_NS = 1e9
/** Happenings kept of one log. */
export const TOLD_MAX = 200_000

/** Reads a host's log for what merging it needs. */
export async function lookThrough(
  blocks: AsyncIterable<EventBlock>,
  finders: readonly HappeningFinder[],
  onBlock: (block: EventBlock) => void = () => {},
): Promise<HostLook> {
  const boots: { from: number; start: number; end: number }[] = []
  const told: Told[] = []
  let [events, toldMore, latest] = [0, 0, -Infinity]
  let complete: boolean | null = null
  let isMerged = false
  let firstSeq = 0
  for await (const block of blocks) {
    onBlock(block)
    events += block.count
    isMerged ||= block.host !== null
    const { time, type } = block
    const fits = block.types.map(({ name }) => finders.filter((finder) => finder.mayFit(name)))
    for (let place = 0; place < block.count; place++) {
      const seq = block.seq(place)
      if (seq === 0) continue
      if (firstSeq === 0) firstSeq = seq
      const at = time[place]!
      if (boots.length === 0 || at < latest - REBOOT_NS) {
        boots.push({ from: seq, start: at, end: at })
        latest = at
      }
      if (at > latest) latest = at
      const boot = boots.at(-1)!
      if (at > boot.end) boot.end = at
      if (at < boot.start) boot.start = at
      const finding = fits[type[place]!]!
      if (finding.length === 0) continue
      const view = block.view(place)
      for (const finder of finding) {
        const happening = finder.of(view)
        if (happening === null) continue
        if (told.length === TOLD_MAX) toldMore++
        else told.push({ ...happening, seq, time: at, boot: boots.length - 1 })
      }
    }
    const last = block.view(block.count - 1)
    complete = last.type === 'log/ended' ? last.data['complete'] === true : null
  }
  return {
    boots: boots.length === 0 ? [{ from: 1, start: 0, end: 0 }] : boots,
    told,
    toldMore,
    events,
    firstSeq: firstSeq || 1,
    complete,
    isMerged,
  }
}
