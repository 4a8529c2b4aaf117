import { Facts, hex, type AnyEvent, type DeviceInfo } from '@devtrail/events'
import { History, KeyframeRecorder, Machine, type EventSource, type StoredKeyframe } from '@devtrail/time-travel'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bringsDevice } from './keys.ts'
import { models, vocabulary } from './models.ts'
import { surveyOf } from './survey.ts'

const id = fc.integer({ min: 1, max: 6 })
/** What cannot change about a device, of which now this and now that is told; three names for six of them. */
const identity = id.chain((device) =>
  fc.record({
    device: fc.constant(device),
    bus: fc.option(fc.constant(['nd', 'dax', 'block'][device % 3]!)),
    kind: fc.option(fc.constant(['nd-pfn', 'block', 'dax', 'other'][device % 4]!)),
  }),
)
const nameOf = (device: number): string => ['dax0.0', 'pmem0', 'pfn0.0'][(device - 1) >> 1]!
const found = fc.record({ fromStart: fc.boolean(), state: fc.option(fc.constant('bound')), driver: fc.constant(null) })
const said = fc.oneof(
  { weight: 2, arbitrary: identity.map((data) => ['devres/device-added', { ...data, name: nameOf(data.device) }] as const) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(identity, found)
      .map(([data, more]) => ['devres/device-found', { ...data, ...more, name: nameOf(data.device) }] as const),
  },
  { weight: 1, arbitrary: identity.map((data) => ['devres/device-identified', data] as const) },
  { weight: 1, arbitrary: fc.record({ device: id }).map((data) => ['devres/device-removed', data] as const) },
  { weight: 1, arbitrary: fc.record({ device: id }).map((data) => ['devres/device-doubted', data] as const) },
  {
    weight: 1,
    arbitrary: fc
      .record({ device: id, driver: fc.constant('nd_pmem'), listed: fc.constant(true) })
      .map((data) => ['devres/probe-started', data] as const),
  },
  { weight: 1, arbitrary: fc.constant(['log/gap', { reason: 'lost', lost: null, cpu: null, model: null }] as const) },
  {
    weight: 1,
    arbitrary: fc
      .record({ region: id, root: fc.constant('iomem'), start: fc.bigInt(0n, 9n), end: fc.constant(9n), name: fc.option(fc.constant('x')) })
      .map((data) => ['resource-tree/found', { ...data, parent: null }] as const),
  },
)
const log = fc
  .array(said, { maxLength: 40 })
  .map((all): AnyEvent[] =>
    all.map(([type, data], i) => ({ seq: i + 1, entry: null, time: i, device: null, cpu: null, actor: null, cause: [], type, data })),
  )

/** These events, with a keyframe at each of some of them. */
function kept(events: readonly AnyEvent[], cuts: readonly number[]): EventSource {
  const recorder = new KeyframeRecorder(new Machine(models))
  const held = new Map<string, Uint8Array>()
  const keyframes: StoredKeyframe[] = []
  for (const event of events) {
    recorder.machine.step(event)
    if (!cuts.includes(event.seq)) continue
    for (const [part, bytes] of recorder.cut(event.seq).parts) if (bytes !== null) held.set(part, bytes)
    keyframes.push({ seq: event.seq, parts: new Map(held) })
  }
  return { read: () => events, keyframe: async (_, atOrBefore) => keyframes.findLast(({ seq }) => seq <= atOrBefore) ?? null }
}

/** The names of which two devices that are there have the same. */
function sharedBy(devices: readonly DeviceInfo[]): string[] {
  return [...Map.groupBy(devices, (d) => d.name)].flatMap(([name, of]) => (of.length > 1 ? name : []))
}

/** Names by the book: facts of the whole log first, then a look at all devices wherever one may have come. */
function namesByTheBook(events: readonly AnyEvent[]): { devices: Map<number, string>; regions: Map<number, string> } {
  const facts = new Facts(vocabulary)
  for (const event of events) facts.learn(event)
  const machine = new Machine(models, facts)
  const [proper, any] = [new Set<string>(), new Set<string>()]
  /** Devices that were found beside one of their name, and of which it was not told then that they are there, too. */
  const perhaps: (readonly [there: DeviceInfo, found: DeviceInfo])[] = []
  const [listed, seenThere] = [new Set<number>(), new Set<number>()]
  const regions = new Map<number, string>()
  for (const event of events) {
    machine.step(event)
    const { region, start, name } = event.data
    if (typeof region === 'number' && !regions.has(region)) regions.set(region, typeof name === 'string' ? name : hex(start as bigint))
    if (!bringsDevice(event.type)) continue
    const there = machine.devices().filter(({ presence }) => presence === 'present')
    for (const shared of sharedBy(there)) any.add(shared)
    for (const shared of sharedBy(there.filter(({ bookkeeping }) => !bookkeeping))) proper.add(shared)
    for (const { id } of there) seenThere.add(id)
    for (const device of machine.devices()) {
      if (!listed.has(device.id) && device.presence === null)
        perhaps.push(...there.filter(({ name }) => name === device.name).map((one) => [one, device] as const))
      listed.add(device.id)
    }
  }
  for (const [there, found] of perhaps) {
    const turnedOut = seenThere.has(found.id) || machine.devices().some(({ id, presence }) => id === found.id && presence !== null)
    if (!turnedOut) continue
    any.add(found.name)
    if (!there.bookkeeping && !found.bookkeeping) proper.add(found.name)
  }
  const keyOf = ({ name, bus, bookkeeping }: DeviceInfo): string =>
    (bookkeeping ? any : proper).has(name) ? `${bus ?? '?'}/${name}` : name
  return { devices: new Map(machine.devices().map((d) => [d.id, keyOf(d)])), regions }
}

test('names from the last keyframe are those of a full reading, whatever is only told later', async () => {
  await fc.assert(
    fc.asyncProperty(log, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }), async (events, cuts) => {
      const history = new History(kept(events, cuts), models, { fold: 'x' })
      const { names, devices } = await surveyOf(history)
      const book = namesByTheBook(events)
      expect(new Map(devices.map((d) => [d.id, names.device(d.id)]))).toEqual(book.devices)
      for (const [region, called] of book.regions) expect(names.region(region)).toBe(called)
      // Who asks for the facts first gets the same.
      const other = new History(kept(events, cuts), models, { fold: 'x' })
      expect((await other.facts()).content).toEqual((await history.facts()).content)
    }),
    { numRuns: 500 },
  )
})
