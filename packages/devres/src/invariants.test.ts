import { describe, expect, it } from 'vitest'
import type { AnyEvent, Violation } from '@devtrail/events'
import { LiveDevice } from './binding.ts'
import { coreOf } from './core.test-support.ts'
import { devresModel } from './model.ts'

function check(events: readonly AnyEvent[]): Violation[] {
  const state = devresModel.initial()
  return events.flatMap((event) => {
    devresModel.evolve(state, event)
    return devresModel.invariants.flatMap((i) => i.judge(state, event))
  })
}

const a = (): void => undefined
const b = (): void => undefined
const c = (): void => undefined

/** A device gets a, b and c and is unbound; the events of a sound kernel, for a test to spoil. */
function record(): AnyEvent[] {
  const { core, events } = coreOf('linux-6.1')
  const device = new LiveDevice(core, { name: 'pfn0.0' })
  device.probe({ name: 'nd_pmem', probe: ({ resources }) => void [a, b, c].map((f) => resources.add(f, null)) })
  device.unbind()
  return events
}

const gap = (event: AnyEvent): AnyEvent => ({ ...event, type: 'log/gap', data: { reason: 'lost', lost: null, cpu: null } })

/** Exchanges the first two releases of the pass. */
function swapped(events: readonly AnyEvent[]): AnyEvent[] {
  const out = [...events]
  const i = out.findIndex((e) => e.type === 'devres/released')
  ;[out[i], out[i + 1]] = [
    { ...out[i]!, data: out[i + 1]!.data },
    { ...out[i + 1]!, data: out[i]!.data },
  ]
  return out
}

const counting = (events: readonly AnyEvent[], count: number): AnyEvent[] =>
  events.map((e) => (e.type === 'devres/release-all-ended' ? { ...e, data: { ...e.data, count } } : e))

/** Puts a gap before the n-th release of the pass. */
function gapBefore(events: readonly AnyEvent[], n: number): AnyEvent[] {
  const at = events.findIndex((e) => e.type === 'devres/released') + n
  return [...events.slice(0, at), gap(events[at]!), ...events.slice(at)]
}

describe('devres/release-order and devres/release-count', () => {
  it('find nothing in a sound recording', () => {
    expect(check(record())).toEqual([])
  })

  it('an order that is not the reverse of adding is certain, and names its evidence', () => {
    const events = swapped(record())
    const [v, ...more] = check(events)
    expect(more).toEqual([])
    expect(v).toMatchObject({ rule: 'devres/release-order', certainty: 'certain', device: 1, data: { release: 'c' } })
    const types = v!.evidence.map((seq) => events.find((e) => e.seq === seq)!.type)
    expect(types).toEqual(['devres/added', 'devres/release-all-started', 'devres/released', 'devres/released'])
  })

  it('a count that differs is certain', () => {
    const found = check(counting(record(), 4))
    expect(found).toMatchObject([{ rule: 'devres/release-count', certainty: 'certain', data: { expected: 4, found: 3 } }])
    expect(found[0]!.summary).toBe('pfn0.0: the kernel says 4 resources were released, the recording shows 3')
  })

  it('a negative count is an error, not a count', () => {
    expect(check(counting(record(), -19))).toEqual([])
  })

  it('after a gap inside the pass the count is only possible, and the order is not judged: nodes may be others', () => {
    const inOrder = check(gapBefore(counting(record(), 4), 1))
    expect(inOrder.map((v) => [v.rule, v.certainty])).toEqual([['devres/release-count', 'possible']])
    expect(check(gapBefore(swapped(record()), 1))).toEqual([])
  })

  it('a gap before the pass leaves the count certain, as the pass itself is whole', () => {
    const events = counting(record(), 4)
    const at = events.findIndex((e) => e.type === 'devres/release-all-started')
    const found = check([...events.slice(0, at), gap(events[at]!), ...events.slice(at)])
    expect(found.map((v) => [v.rule, v.certainty])).toEqual([['devres/release-count', 'certain']])
  })
})

/** Without the release of the first that is released, and with a count that hides it. */
const keeping = (events: readonly AnyEvent[]): AnyEvent[] =>
  counting(events, 2).filter((e, i, all) => i !== all.findIndex(({ type }) => type === 'devres/released'))

/** The release of a group of b alone, between a and c. */
function grouped(): AnyEvent[] {
  const { core, events } = coreOf('linux-6.1')
  const { resources } = new LiveDevice(core, { name: 'pfn0.0' })
  resources.add(a, null)
  resources.openGroup('g')
  resources.add(b, null)
  resources.closeGroup('g')
  resources.add(c, null)
  resources.releaseGroup('g')
  return events
}

/** As if the group's release had taken another resource. */
const taking = (name: string): AnyEvent[] => {
  const events = grouped()
  const other = events.find((e) => e.type === 'devres/added' && e.data['release'] === name)!
  return events.map((e) => (e.type === 'devres/released' && e.data['release'] === 'b' ? { ...e, data: other.data } : e))
}

describe('devres/left-behind', () => {
  it('what stays though all was released is certain, and named', () => {
    const found = check(keeping(record()))
    expect(found).toMatchObject([{ rule: 'devres/left-behind', certainty: 'certain', data: { found: 1 } }])
    expect(found[0]!.summary).toBe('pfn0.0: 1 resource that was on the list stayed there when all were released')
  })

  it('after a gap nothing is said: it may have been taken out there', () => {
    expect(check(gapBefore(keeping(record()), 0))).toEqual([])
  })

  it('a node that another took the place of is not missed', () => {
    const events = keeping(record())
    const at = events.findIndex((e) => e.type === 'devres/release-all-started')
    const { node, release, size } = events.find((e) => e.data['release'] === 'c')!.data
    const replaced = {
      ...events[at]!,
      type: 'devres/replaced',
      data: { device: 1, node, release, size, successor: null, successorSize: null },
    }
    expect(check([...events.slice(0, at), replaced, ...events.slice(at)])).toEqual([])
  })
})

describe('devres/group-range', () => {
  it('finds nothing where the group alone is released', () => {
    expect(check(grouped())).toEqual([])
  })

  it.each(['a', 'c'])('%s, which lies outside, is certain', (name) => {
    expect(check(taking(name))).toMatchObject([{ rule: 'devres/group-range', certainty: 'certain', data: { release: name } }])
  })

  it('after a gap nothing is said: which node it is, is not known', () => {
    const events = taking('a')
    const at = events.findIndex((e) => e.type === 'devres/release-group-started')
    expect(check([...events.slice(0, at), gap(events[at]!), ...events.slice(at)])).toEqual([])
  })
})
