/** What explains a log says what a naive full fold says: at every position, over keyframes and gaps, whatever was cut. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileLog } from '@devtrail/event-log/file'
import { Facts, type AnyEvent } from '@devtrail/events'
import {
  attribute,
  blame,
  BlockFold,
  differences,
  flips,
  FlipWatch,
  History,
  listsOf,
  Machine,
  NOTHING,
  overallOf,
  parseExpression,
  parsePath,
  PlainBlock,
  Tracked,
  valueAt,
  viewOf,
  type Change,
  type Flip,
  type Found,
} from '@devtrail/time-travel'
import { afterAll, describe, expect, test } from 'vitest'
import { models, vocabulary } from '@devtrail/survey'
import { KeptSource, logOf } from './kept-source.test-support.ts'
import { imported, traceLines } from './recorded.test-support.ts'
import { writeSegmented } from './segmented.test-support.ts'

/** Raise with EXPLAIN_RUNS for a soak. */
const RUNS = Number(process.env['EXPLAIN_RUNS'] ?? 1)
const BLAMED = 30 * RUNS
const EXPRESSIONS = 8 * RUNS

const lists = listsOf(models)

/** Numbers below n, the same for the same seed. */
function randomOf(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return Math.floor(((state >>> 0) / 2 ** 32) * n)
  }
}

/** A log, and the state after each of its events, folded one by one. */
class Story {
  readonly history: History
  readonly events: readonly AnyEvent[]
  readonly last: number

  constructor(history: History, events: readonly AnyEvent[]) {
    this.history = history
    this.events = events
    this.last = events.at(-1)!.seq
  }

  /** Steps a machine event by event: before the first, then after each. */
  fold(see: (machine: Machine, seq: number) => void): Machine {
    const facts = new Facts(vocabulary)
    for (const event of this.events) facts.learn(event)
    const machine = new Machine(models, facts)
    see(machine, -1)
    for (const event of this.events) {
      machine.step(event)
      see(machine, event.seq)
    }
    return machine
  }
}

const folders: string[] = []
const readers: AsyncDisposable[] = []
afterAll(async () => {
  for (const reader of readers) await reader[Symbol.asyncDispose]()
  for (const folder of folders) await rm(folder, { recursive: true })
})

/** A story in blocks of a few events, in small segments on a disk. */
async function onDisk(events: readonly AnyEvent[], everyKeyframe: number): Promise<Story> {
  const folder = await mkdtemp(join(tmpdir(), 'devtrail-explain-'))
  folders.push(folder)
  await writeSegmented(join(folder, 'log'), events, everyKeyframe)
  const reader = await openFileLog(join(folder, 'log'), vocabulary)
  readers.push(reader)
  return new Story(new History(reader, models, { fold: 'x' }), events)
}

async function storyOf(
  name: string,
  lines: readonly string[] | undefined,
  everyKeyframe: number,
  most: number,
  isOnDisk: boolean,
): Promise<Story> {
  const all = (await imported(name, lines)).events
  const events = all.filter(({ seq }) => seq <= most)
  if (isOnDisk) return onDisk(events, everyKeyframe)
  const reader = await logOf(events)
  const cuts = new Set(events.filter(({ seq }) => seq > 0 && seq % everyKeyframe === 0).map(({ seq }) => seq))
  return new Story(new History(new KeptSource(reader, events, cuts), models, { fold: 'x' }), events)
}

const isSame = (a: Found, b: Found): boolean =>
  a.value === NOTHING || b.value === NOTHING ? a.value === b.value : JSON.stringify(a.value) === JSON.stringify(b.value)

/** Whether two managed resources have the same hashed pointer: a path to one leads to either. */
function isTwice(machine: Machine, { device, path }: Change): boolean {
  const { devres } = viewOf(machine, device!) as { devres: { known: { node: string }[]; possible?: { node: string }[] } }
  return [...devres.known, ...(devres.possible ?? [])].filter(({ node }) => path.startsWith(`devres[${node}]`)).length > 1
}

interface Asked {
  readonly device: number | null
  readonly path: string
}

/** Values to ask for: those that are different between random moments, and those that there are. */
function questions(story: Story, random: (n: number) => number, count: number): Asked[] {
  const asked: Asked[] = []
  const moments = new Set(Array.from({ length: count }, () => 1 + random(story.last)))
  story.fold((machine, seq) => {
    if (!moments.has(seq)) return
    const ids = [null, ...machine.devices().map((d) => d.id)]
    const device = ids[random(ids.length)]!
    const view = device === null ? overallOf(machine) : viewOf(machine, device)
    const changes = differences(device, {}, view, lists)
    const { path, to } = changes[random(changes.length)] ?? { path: '', to: null }
    if (path === '') return
    // The element, or one of its fields.
    const fields = typeof to === 'object' && to !== null && !Array.isArray(to) ? Object.keys(to) : []
    asked.push({ device, path: fields.length === 0 || random(3) === 0 ? path : `${path}.${fields[random(fields.length)]}` })
  })
  return asked
}

const CASES: readonly (readonly [string, string, number, number])[] = [
  ['fsdax-pinned-unbind', 'whole', 20, Infinity],
  ['fsdax-splice', 'segments', 97, Infinity],
  ['devdax-dev', 'whole', 50, Infinity],
  ['lab-crash2', 'gap', 64, Infinity],
  ['lab-crash3', 'head', 40, Infinity],
  ['fsdax-dev', 'gap', 300, 2500],
]

describe.each(CASES)('%s, %s, a keyframe every %i events', (name, how, every, most) => {
  const lines = traceLines(name)
  const head = lines.findIndex((line) => !line.startsWith('#'))
  const at = head + Math.floor((lines.length - head) / 3)
  const gap = [...lines.slice(0, at), 'CPU:0 [LOST 40 EVENTS]', ...lines.slice(at + 40)]
  const cut = how === 'gap' ? gap : how === 'head' ? [...lines.slice(0, head), ...lines.slice(at)] : undefined
  const story = storyOf(name, cut, every, most, how === 'segments')

  test('blame names the event after which a value is what it is', { timeout: 120_000 }, async () => {
    const told = await story
    const random = randomOf(every)
    const asked = questions(told, random, BLAMED)
    expect(asked.length).toBeGreaterThan(BLAMED / 3)
    const paths = asked.map(({ path }) => parsePath(path))
    // For each question each change of its value, with the value from there on.
    const changes = asked.map((): { seq: number; value: Found }[] => [])
    told.fold((machine, seq) => {
      for (const [i, { device }] of asked.entries()) {
        const value = valueAt(machine, device, paths[i]!.steps, lists)
        const known = changes[i]!.at(-1)
        if (known?.seq === seq) known.value = value
        else if (known === undefined || !isSame(known.value, value)) changes[i]!.push({ seq, value })
      }
    })
    for (const [i, { device, path }] of asked.entries()) {
      const position = random(told.last + 1)
      const said = await blame(told.history, { device, path: paths[i]! }, position)
      const from = changes[i]!.findLast(({ seq }) => seq <= position)!
      // What is filled back was so before the first event, whichever told it.
      const seq = said.before === null ? -1 : said.seq
      expect([`${path} of ${device} at ${position}`, isSame(said.value, from.value), seq]).toEqual([expect.any(String), true, from.seq])
    }
  })

  test('while a log is written, flips are those of a fold that knows no more', { timeout: 120_000 }, async () => {
    const told = await story
    const asked = questions(told, randomOf(every + 3), EXPRESSIONS)
    const devices = told.fold(() => {}).devices()
    for (const { device, path } of asked.filter((q) => q.device !== null)) {
      const { name, bus, id } = devices.find((d) => d.id === device)!
      const expression = parseExpression(`device("${bus === null ? name : `${bus}/${name}`}#${id}").${path} != null`)
      const [slow, fast] = [new Machine(models), new Machine(models)]
      const watch = new FlipWatch(expression, fast)
      const fold = new BlockFold(fast)
      const [expected, said]: [unknown[], unknown[]] = [[], []]
      let before: Flip['to'] = null
      for (const event of told.events) {
        slow.step(event)
        const truth = new Tracked(expression, slow).truth()
        if (event.seq > 0 && truth !== before) expected.push([event.seq, truth])
        before = truth
        const block = new PlainBlock([event])
        fold.step(block)
        for (const { seq, to } of watch.at(block, 0)) if (seq > 0) said.push([seq, to])
      }
      expect([path, ...said]).toEqual([path, ...expected])
    }
  })

  test('bisect finds every flip, and nothing else', { timeout: 120_000 }, async () => {
    const told = await story
    const random = randomOf(every + 1)
    const machine = told.fold(() => {})
    const devices = machine.devices()
    const sources = questions(told, random, EXPRESSIONS * 3)
      .filter(({ device }) => device !== null)
      .slice(0, EXPRESSIONS)
      .map(({ device, path }, i) => {
        const { name, bus, id } = devices.find((d) => d.id === device)!
        const whole = `device("${bus === null ? name : `${bus}/${name}`}#${id}").${path}`
        const list = whole.includes('[') ? `count(${whole.slice(0, whole.lastIndexOf('['))}) > 0` : `${whole} == null`
        return [whole, `not (${whole} == 1)`, `${whole} != null && ${whole} >= 0x109300`, list][i % 4]!
      })
    for (const source of sources) {
      const expression = parseExpression(source)
      const expected: Flip[] = []
      let before: Flip['to'] = null
      let baseline: Flip['to'] = null
      told.fold((m, seq) => {
        const truth = new Tracked(expression, m).truth()
        if (seq <= 0) baseline = before = truth
        else if (truth !== before) {
          expected.push({ seq, from: before, to: truth, isSure: true })
          before = truth
        }
      })
      const said: Flip[] = []
      await flips(told.history, expression, (flip) => void said.push(flip)).catch((error: Error) => {
        if (!error.message.includes('there was never a field')) throw error
      })
      const first = baseline === null ? [] : [{ seq: 0, from: null, to: baseline, isSure: true }]
      expect([source, ...said]).toEqual([source, ...first, ...expected])
    }
  })

  test('diff tells all that is different, and the event behind each', { timeout: 120_000 }, async () => {
    const told = await story
    const random = randomOf(every + 2)
    for (let run = 0; run < 3 * RUNS; run++) {
      const [a, b] = [random(told.last + 1), random(told.last + 1)].toSorted((x, y) => x - y) as [number, number]
      const views = new Map<number, Map<number | null, { readonly [part: string]: unknown }>>()
      const lookAt = (m: Machine, seq: number): void => {
        if (seq === a || seq === b)
          views.set(seq, new Map([...m.devices().map((d) => [d.id, viewOf(m, d.id)] as const), [null, overallOf(m)]]))
      }
      told.fold(lookAt)
      const changes: Change[] = []
      for (const [device, view] of views.get(b)!) changes.push(...differences(device, views.get(a)!.get(device) ?? {}, view, lists))
      const said = await attribute(told.history, changes, b)
      // What changed each of them last, up to the later moment.
      const last = new Map<Change, number>()
      const value = new Map<Change, string>()
      const doubtful = new Set<Change>()
      told.fold((m, seq) => {
        if (seq > b) return
        for (const change of changes) {
          const { value: found } = valueAt(m, change.device, change.steps, lists)
          // That an element is not there is the same whether the list is complete or not.
          const now = found === NOTHING || found === null ? 'none' : JSON.stringify(found)
          if (value.get(change) !== now && seq >= 0) last.set(change, seq)
          value.set(change, now)
          if (change.path.startsWith('devres[') && isTwice(m, change)) doubtful.add(change)
        }
      })
      const sure = changes.filter((change) => !doubtful.has(change))
      const what = (of: ReadonlyMap<Change, number>): string[] =>
        sure.map((change) => `${change.path} of ${change.device}: ${of.get(change)}`)
      expect([a, b, ...what(said)]).toEqual([a, b, ...what(last)])
    }
  })
})
