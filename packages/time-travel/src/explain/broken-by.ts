/** What rules tell of one event: which broke with it, and which had broken before about the same pages. */
import type { Violation } from '@devtrail/events'
import { explained, isAboutTheSame, Judge } from '../check.ts'
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'

export interface BrokenByOptions {
  readonly signal?: Interruption | undefined
  readonly onProgress?: (seq: number) => void
}

/** How many events lie between two calls of `onProgress`. */
const PROGRESS_EVENTS = 65_536

/**
 * The rules that broke with an event, and those of other rules that had broken before about the same pages, earliest first, as a check
 * reports them; so their evidence came up to the event. Then the rules that only the end of a log can judge, such as that somebody was
 * never woken, where they broke with the event or it proves that they did. Besides that end it looks no further than the event; of one
 * with which nothing broke at no more than what folding from the nearest keyframes takes.
 */
export async function brokenBy(history: History, seq: number, options: BrokenByOptions = {}): Promise<Violation[]> {
  const broken: Violation[] = []
  let judge!: Judge
  const machine = await history.replay({
    from: seq - 1,
    to: seq,
    signal: options.signal,
    begin: (m) => {
      judge = new Judge(m)
    },
    step: (block, place) => {
      if (block.seq(place) === seq && judge.judges(block.types[block.type[place]!]!.name)) broken.push(...judge.at(block.view(place)))
    },
  })
  const earlier = broken.some(({ about }) => about !== undefined) ? await brokenBefore(history, seq, options) : []
  const tied = earlier.filter((other) => broken.some((one) => other.rule !== one.rule && isAboutTheSame(one, other)))
  return explained(history, machine, [...tied, ...broken, ...(await judgedAtEnd(history, seq, options))])
}

/** What the ends of a log, one for each host, tell of an event before them. */
async function judgedAtEnd(history: History, seq: number, { signal }: BrokenByOptions): Promise<Violation[]> {
  const found: Violation[] = []
  for (const end of await endsOf(history, seq, signal)) {
    let judge!: Judge
    await history.replay({
      from: end - 1,
      to: end,
      signal,
      begin: (machine) => {
        judge = new Judge(machine)
      },
      step: (block, place) => {
        if (block.seq(place) === end) found.push(...judge.at(block.view(place)).filter((v) => v.seq === seq || v.evidence.includes(seq)))
      },
    })
  }
  return found
}

const END = 'log/ended'

async function endsOf(history: History, after: number, signal: Interruption | undefined): Promise<number[]> {
  const { hosts } = await history.clocks()
  const last = await history.lastSeq()
  // Of one host it is the last event, or there is none: the log was cut, or is being written.
  if (hosts.length < 2) return last > after && (await history.events([last])).get(last)?.type === END ? [last] : []
  const ends: number[] = []
  for (let to = last; to > after && ends.length < hosts.length; to = ends[0]! - 1) {
    const seq = await history.search(
      to,
      after + 1,
      (type) => type === END,
      () => true,
      { signal },
    )
    if (seq === null) break
    ends.unshift(seq)
  }
  return ends
}

async function brokenBefore(history: History, seq: number, { signal, onProgress }: BrokenByOptions): Promise<Violation[]> {
  const broken: Violation[] = []
  let judge!: Judge
  await history.replay({
    to: seq - 1,
    signal,
    begin: (machine) => {
      judge = new Judge(machine)
    },
    step: (block, place) => {
      if (block.seq(place) % PROGRESS_EVENTS === 1) onProgress?.(block.seq(place))
      if (judge.judges(block.types[block.type[place]!]!.name)) broken.push(...judge.at(block.view(place)))
    },
  })
  return broken
}
