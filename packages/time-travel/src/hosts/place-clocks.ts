/** Puts the clocks of hosts on one time line: from what was given by hand, and from paired events. */
import type { Before, Given } from './clock-bounds.ts'
import { ClockBounds } from './clock-bounds.ts'
import { segmentsOf, type ClockSegment } from './clock-segments.ts'
import type { HostLook, Told } from './happenings.ts'

/** What somebody said of a host's clock. */
export interface GivenOffset {
  /** Nanoseconds that are added to it; null: not known, and the order to other hosts is not claimed. */
  readonly offset: number | null
  /** Nanoseconds, either way. */
  readonly uncertainty: number
}

export interface HostClock {
  readonly name: string
  readonly look: HostLook
  /** By the number of the boot, from 0. */
  readonly given: ReadonlyMap<number, GivenOffset>
}

/** Which event of which host says something of clocks; or, `given`, that somebody did. */
export type Why =
  | { readonly kind: 'given'; readonly host: string; readonly boot: number }
  /** That a boot, from 1, came after the one before it. */
  | { readonly kind: 'reboot'; readonly host: string; readonly boot: number }
  | { readonly kind: 'pair'; readonly id: string; readonly early: TellingEvent; readonly late: TellingEvent }

export interface TellingEvent {
  readonly host: string
  readonly seq: number
}

export interface PlacedClock {
  readonly basis: 'reference' | 'given' | 'pairs' | 'none'
  readonly segments: readonly ClockSegment[]
  /** Paired events that say something of it. */
  readonly pairs: number
}

/** Nobody can tell how the clock of a host stands to the reference. */
export class UnplacedClockError extends Error {
  override readonly name = 'UnplacedClockError'
  readonly host: string
  readonly boot: number
  /** Whether paired events bound it from one side only. */
  readonly isOneSided: boolean

  constructor(host: string, boot: number, isOneSided: boolean) {
    super(`the clock of ${host} cannot be placed`)
    this.host = host
    this.boot = boot
    this.isOneSided = isOneSided
  }
}

interface OfHost extends Told {
  readonly host: number
}

/** Happenings by id; those said twice on one host in the same role say nothing. */
function happeningsOf(hosts: readonly HostClock[]): { readonly byId: Map<string, OfHost[]>; readonly ambiguous: number } {
  const byId = new Map<string, OfHost[]>()
  for (const [host, { look }] of hosts.entries()) {
    for (const told of look.told) {
      const of = byId.get(told.id)
      if (of === undefined) byId.set(told.id, [{ ...told, host }])
      else of.push({ ...told, host })
    }
  }
  let ambiguous = 0
  for (const [id, told] of byId) {
    const keys = new Set(told.map(({ host, role }) => `${host} ${role}`))
    const isOnce = keys.size === told.length && told.filter(({ role }) => role === 'out').length <= 1
    if (isOnce) continue
    ambiguous++
    byId.delete(id)
  }
  return { byId, ambiguous }
}

/**
 * The clock of each boot of each host. The first boot of host `reference` is the time line. `drift`: seconds by which two clocks
 * part in a second at most.
 * @throws UnplacedClockError, ContradictionError of {@link Why}
 */
export function placeClocks(
  hosts: readonly HostClock[],
  reference: number,
  drift: number,
): { readonly clocks: readonly (readonly PlacedClock[])[]; readonly pairs: number; readonly ambiguous: number } {
  // The reference is clock 0.
  const numbers = new Map<string, number>([[`${reference} 0`, 0]])
  const clockOf = (host: number, boot: number): number => {
    const key = `${host} ${boot}`
    let n = numbers.get(key)
    if (n === undefined) numbers.set(key, (n = numbers.size))
    return n
  }
  for (const [h, { look }] of hosts.entries()) for (const [boot] of look.boots.entries()) clockOf(h, boot)

  const befores: Before<Why>[] = []
  const givens: Given<Why>[] = []
  const saysOf = new Map<number, number>()
  const add = (early: OfHost, late: OfHost, slack: number): void => {
    const why: Why = {
      kind: 'pair',
      id: early.id,
      early: { host: hosts[early.host]!.name, seq: early.seq },
      late: { host: hosts[late.host]!.name, seq: late.seq },
    }
    const [a, b] = [clockOf(early.host, early.boot), clockOf(late.host, late.boot)]
    for (const clock of [a, b]) saysOf.set(clock, (saysOf.get(clock) ?? 0) + 1)
    befores.push({ early: { clock: a, time: early.time }, late: { clock: b, time: late.time }, slack, why })
  }
  const { byId, ambiguous } = happeningsOf(hosts)
  let pairs = 0
  for (const told of byId.values()) {
    const before = befores.length
    for (const a of told) {
      for (const b of told) {
        if (a.host === b.host) continue
        if (a.role === 'out' && b.role === 'in') add(a, b, 0)
        else if (a.role === 'same' && b.role === 'same') add(a, b, Math.max(a.within, b.within))
      }
    }
    if (befores.length > before) pairs++
  }
  for (const [h, { name, given }] of hosts.entries()) {
    for (const [boot, { offset, uncertainty }] of given) {
      if (offset === null || boot >= hosts[h]!.look.boots.length) continue
      givens.push({ clock: clockOf(h, boot), offset, uncertainty, why: { kind: 'given', host: name, boot } })
    }
  }

  for (const [h, { name, look }] of hosts.entries()) {
    for (const [boot, { start }] of look.boots.entries()) {
      if (boot === 0) continue
      const early = { clock: clockOf(h, boot - 1), time: look.boots[boot - 1]!.end }
      befores.push({ early, late: { clock: clockOf(h, boot), time: start }, slack: 0, why: { kind: 'reboot', host: name, boot } })
    }
  }

  const bounds = new ClockBounds<Why>(numbers.size, befores, givens, drift)
  // What contradicts itself may do so where no piece is looked at.
  bounds.mustAgree()
  const clocks = hosts.map(({ name, look, given }, h) =>
    look.boots.map(({ start, end }, boot): PlacedClock => {
      const clock = clockOf(h, boot)
      const own = given.get(boot)
      if (clock === 0) return { basis: 'reference', segments: [{ from: start, offset: 0, uncertainty: 0 }], pairs: 0 }
      if (own?.offset === null) return { basis: 'none', segments: [{ from: start, offset: 0, uncertainty: null }], pairs: 0 }
      const segments = segmentsOf(bounds, clock, start, end, drift)
      const said = saysOf.get(clock) ?? 0
      if (own === undefined && segments.some(({ uncertainty }) => uncertainty === null)) throw new UnplacedClockError(name, boot, said > 0)
      return { basis: own === undefined ? 'pairs' : 'given', segments, pairs: said }
    }),
  )
  return { clocks, pairs, ambiguous }
}
