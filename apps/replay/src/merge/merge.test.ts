/** What a log of several hosts must never do: mix them. Held against the single logs, on real recordings. */
import { idWithin, type AnyEvent } from '@devtrail/events'
import { blame, BlockFold, check, History, LogBlocks, Machine, parsePath, stuckTasks } from '@devtrail/time-travel'
import { models, refsOf } from '@devtrail/survey'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeptSource, logOf } from '../recordings/kept-source.test-support.ts'
import { imported } from '../recordings/recorded.test-support.ts'
import { merged, ownEvents, type MergedHosts } from './merged.test-support.ts'

/** A crash, a hang, lost entries, and two devices under one name; with the crash twice. */
const RECORDED = ['fsdax-pinned-unbind', 'fsdax-truncate-hang', 'fsdax-gup-overwritten', 'devdax-dev', 'fsdax-pinned-unbind']

const recorded = async (): Promise<AnyEvent[][]> =>
  Promise.all(RECORDED.map(async (name) => (await imported(name)).events.slice(0, EVENTS_MAX)))

/** Of the one that is long: enough of it. */
const EVENTS_MAX = 5000

const exactly = (offset: number): { offset: number; uncertainty: number } => ({ offset, uncertainty: 0 })

/** The machine of a host alone, after its events up to a number of the merged log. */
function alone({ events }: MergedHosts, host: number, upTo: number): Machine {
  const machine = new Machine(models)
  for (const event of events) if (event.host === host && event.seq <= upTo) machine.step(event)
  return machine
}

describe('a log of several hosts', () => {
  it('says of each host what its own log says, in its order', async () => {
    const hosts = await recorded()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -30e9, max: 30e9 }), { minLength: 4, maxLength: 4 }), async (offsets) => {
        const log = await merged(hosts, offsets.map(exactly))
        expect(log.events.filter(({ seq }) => seq > 0).map(({ seq }) => seq)).toEqual(
          Array.from({ length: log.events.at(-1)!.seq }, (_, i) => i + 1),
        )
        for (const [i, events] of hosts.entries()) expect(ownEvents(log, i + 1, [0, ...offsets][i]!)).toEqual(events)
      }),
      { numRuns: 3 },
    )
  })

  it('has the state of each host that its events alone give, by each of the folds, and behind keyframes', async () => {
    const log = await merged(
      await recorded(),
      [1, 2, 3, 4].map((n) => exactly(n * 1e8)),
    )
    const { events } = log
    const last = events.at(-1)!.seq
    const places = [1, Math.floor(last / 3), Math.floor(last / 2), last - 700, last]
    const source = new KeptSource(await logOf(events), events, new Set([places[1]! - 10, places[3]! - 5]))
    const kept = new History(source, models, { fold: 'kept' })
    const slow = new Machine(models)
    const fold = new BlockFold(new Machine(models))
    for await (const block of new LogBlocks(source).blocks()) {
      for (let place = 0; place < block.count; place++) {
        const event = block.event(place)
        slow.step(event)
        fold.step(block, place, place + 1)
        if (!places.includes(event.seq)) continue
        const { machine: found } = await kept.at({ kind: 'seq', seq: event.seq })
        for (let host = 1; host <= RECORDED.length; host++) {
          const wanted = alone(log, host, event.seq)
          for (const machine of [slow, fold.machine, found]) {
            expect(machine.host(host)).toEqual(wanted.host(host))
            expect(machine.hosts()).toEqual([1, 2, 3, 4, 5])
          }
          expect(slow.facts.of(host).content).toEqual(wanted.facts.of(host).content)
        }
        expect(slow.content.tasks.tasks.size).toBe(0)
      }
    }
  })

  it('breaks the rules that its hosts break, each with its own evidence, and no others', async () => {
    const hosts = await recorded()
    const log = await merged(
      hosts,
      [1, 2, 3, 4].map((n) => exactly(n * 1e7)),
    )
    const { violations } = await check(log.history)
    const names = new Set<string>()
    for (const [i, events] of hosts.entries()) {
      const host = i + 1
      const image = log.seqs.get(host)!
      const own = await check((await merged([events], [])).history)
      const found = violations.filter((v) => v.host === host)
      expect(found.map(({ rule, certainty, seq, evidence }) => ({ rule, certainty, seq, evidence }))).toEqual(
        own.violations
          // The merged log of one host has a setting of its clock before its first event.
          .map(({ rule, certainty, seq, evidence }) => ({
            rule,
            certainty,
            seq: image.get(seq - 1)!,
            evidence: evidence.map((e) => (e === 0 ? 0 : image.get(e - 1)!)),
          })),
      )
      for (const { rule } of found) names.add(rule)
    }
    expect(violations.every(({ host }) => host !== undefined)).toBe(true)
    expect([...names].toSorted()).toEqual(
      expect.arrayContaining(['kernel/warned', 'memremap/idle-waiter-not-woken', 'memremap/referenced-at-removal']),
    )
  })

  it('tells whose tasks hang and whose references are out', async () => {
    const hosts = await recorded()
    const log = await merged(
      hosts,
      [1, 2, 3, 4].map((n) => exactly(n * 1e7)),
    )
    const { machine } = await log.history.at({ kind: 'end' })
    const tasks = stuckTasks(machine).map(({ host, pid, comm }) => ({ host, pid, comm }))
    expect(tasks).toEqual(
      hosts.flatMap((events, i) => {
        const single = new Machine(models)
        for (const event of events) single.step(event)
        return stuckTasks(single).map(({ pid, comm }) => ({ host: i + 1, pid, comm }))
      }),
    )
    expect(tasks).not.toEqual([])
    const devices = machine.devices()
    const { machine: middle } = await log.history.at({ kind: 'time', ns: 9.3e9 })
    const refs = refsOf(middle, null).filter(({ of }) => of === 'page')
    // The same crash, a hundredth of a second apart.
    expect(refs.map(({ device }) => devices.find(({ id }) => id === device)?.host)).toEqual(expect.arrayContaining(['host-1', 'host-5']))
  })

  it("blames the event that the host's own log blames", async () => {
    const [crash, , , devdax] = await recorded()
    const hosts = [crash!, devdax!.slice(0, 300)]
    const log = await merged(
      hosts,
      [1].map((n) => exactly(n * 1e7)),
    )
    const { at, machine } = await log.history.at({ kind: 'end' })
    let blamed = 0
    for (const { id, host, bookkeeping } of machine.devices()) {
      if (bookkeeping) continue
      const n = Number(host!.slice('host-'.length))
      const own = new History({ read: () => hosts[n - 1]! }, models)
      for (const path of ['driver.state', 'pagemaps[0x100000000].state']) {
        const place = { path: parsePath(path) }
        const found = await blame(log.history, { ...place, device: id }, at.seq)
        const wanted = await blame(own, { ...place, device: idWithin(id) }, await own.lastSeq())
        expect([path, found.value, found.seq]).toEqual([path, wanted.value, wanted.seq && log.seqs.get(n)!.get(wanted.seq)])
        if (found.seq !== null) blamed++
      }
    }
    expect(blamed).toBeGreaterThan(2)
  })
})
