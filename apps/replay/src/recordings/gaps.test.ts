/**
 * The property that makes a state worth believing: replacing any run of entries by a gap never makes a
 * contradiction, a wrong exact value or a certain violation that the whole recording does not have.
 */
import { preorder, type ResourceTreeState } from '@devtrail/resource-tree'
import { check, describeDevice, shownDevices, type Snapshot } from '@devtrail/time-travel'
import type { DeviceInfo, Json, Violation } from '@devtrail/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { overclaims } from './honest.test-support.ts'
import { imported, names, traceLines, type Imported } from './recorded.test-support.ts'

/** Rounds a recording; raise with HONESTY_RUNS for a soak. */
const RUNS = Number(process.env['HONESTY_RUNS'] ?? 12)
const SMALL = names.filter((name) => !['fsdax-gup-stress', 'fsdax-gup-overwritten', 'lab-tail-gup', 'lab-tail-gup-devdax'].includes(name))

interface Cut {
  readonly lines: string[]
  /** Entry number in the whole recording → in the cut one, for those outside the gap. */
  readonly map: (entry: number) => number | null
  readonly entries: number
}

/** The trace with `count` entries from entry `first` on replaced by the kernel's own mark of lost events. */
function cut(lines: readonly string[], first: number, count: number): Cut {
  const head = lines.findIndex((line) => !line.startsWith('#'))
  const starts: number[] = []
  for (let i = head; i < lines.length; i++) if (/^ *.{0,64}?-\d+ +\[\d{3}\]/.test(lines[i]!)) starts.push(i)
  const last = Math.min(starts.length, first + count - 1)
  const gone = last - first + 1
  const from = starts[first - 1]!
  const to = starts[last] ?? lines.length
  const header = lines
    .slice(0, head)
    .map((line) => line.replace(/entries-written: \d+\/\d+/, `entries-written: ${starts.length - gone}/${starts.length - gone}`))
  return {
    lines: [...header, ...lines.slice(head, from), `CPU:0 [LOST ${gone} EVENTS]`, ...lines.slice(to)],
    map: (entry) => (entry < first ? entry : entry > last ? entry - gone : null),
    entries: starts.length,
  }
}

/**
 * The trace without `count` entries of one CPU, as the kernel prints it: its mark stands right before the CPU's next
 * entry, and what other CPUs did meanwhile is there. Null when the CPU has no entry after them: nothing would tell.
 */
function cutOneCpu(lines: readonly string[], first: number, count: number): (Cut & { readonly cpu: number }) | null {
  const head = lines.findIndex((line) => !line.startsWith('#'))
  const owner: { readonly entry: number; readonly cpu: number }[] = []
  let entries = 0
  const of = lines.slice(head).map((line) => {
    const m = /^ *.{0,64}?-\d+ +\[(\d{3})\]/.exec(line)
    if (m !== null) owner.push({ entry: ++entries, cpu: Number(m[1]) })
    return entries
  })
  const { cpu } = owner[first - 1]!
  const gone = new Set(
    owner
      .slice(first - 1)
      .filter((o) => o.cpu === cpu)
      .slice(0, count)
      .map(({ entry }) => entry),
  )
  const next = owner.find((o) => o.cpu === cpu && o.entry > first && !gone.has(o.entry))?.entry
  if (next === undefined) return null
  const left = entries - gone.size
  const header = lines.slice(0, head).map((line) => line.replace(/entries-written: \d+\/\d+/, `entries-written: ${left}/${left}`))
  const body = lines.slice(head).flatMap((line, i) => {
    const entry = of[i]!
    if (gone.has(entry)) return []
    return entry === next && (i === 0 || of[i - 1] !== next) ? [`CPU:${cpu} [LOST ${gone.size} EVENTS]`, line] : [line]
  })
  const before = (entry: number): number => [...gone].filter((g) => g < entry).length
  return { lines: [...header, ...body], map: (entry) => (gone.has(entry) ? null : entry - before(entry)), entries, cpu }
}

/** The trace without some entries, of which nothing in it tells: the counts of the kernel do, or a header behind the entries. */
function cutUntold(lines: readonly string[], gone: ReadonlySet<number>): Cut & { readonly announced: string } {
  const head = lines.findIndex((line) => !line.startsWith('#'))
  let entries = 0
  const body = lines.slice(head).filter((line) => {
    if (/^ *.{0,64}?-\d+ +\[\d{3}\]/.test(line)) entries++
    return !gone.has(entries)
  })
  const left = entries - gone.size
  const header = (written: number): string => `# entries-in-buffer/entries-written: ${left}/${written}   #P:2`
  const before = (entry: number): number => [...gone].filter((g) => g < entry).length
  return { lines: [header(left), ...body], map: (e) => (gone.has(e) ? null : e - before(e)), entries, announced: header(entries) }
}

/** The numbers of the entries of each probe. */
function hitsOf(lines: readonly string[]): Map<string, number[]> {
  const hits = new Map<string, number[]>()
  let entries = 0
  for (const line of lines) {
    const m = /^ *.{0,64}?-\d+ +\[\d{3}\][^:]*: (\w+): (\()?/.exec(line)
    if (m === null) continue
    entries++
    const [, event, isHit] = m as unknown as [string, string, string | undefined]
    if (isHit !== undefined) hits.set(event, [...(hits.get(event) ?? []), entries])
  }
  return hits
}

/** Devices of a moment by name, newest incarnation last. */
function devicesOf(snapshot: Snapshot, devices: readonly DeviceInfo[]): Map<string, Json[]> {
  const byName = new Map<string, Json[]>()
  for (const d of devices) {
    const list = byName.get(d.name) ?? []
    list.push({ ...describeDevice(snapshot.machine, d.id), presence: d.presence })
    byName.set(d.name, list)
  }
  return byName
}

/** Nodes of the iomem tree that are claimed to be there. */
const nodes = (s: Snapshot): Set<string> =>
  new Set(
    [...preorder(s.machine.state<ResourceTreeState>('resource-tree'), 'iomem')]
      .filter(({ node }) => node.sure)
      .map(({ node }) => `${node.start}-${node.end} ${node.name}`),
  )

function dishonest(claim: Snapshot, truth: Snapshot): string[] {
  const found: string[] = []
  const there = devicesOf(truth, shownDevices(truth.machine, true))
  const ever = devicesOf(truth, truth.machine.devices())
  for (const [name, claims] of devicesOf(claim, shownDevices(claim.machine, true))) {
    for (const c of claims) {
      const { presence, bus } = c as { presence: Json; bus: Json }
      // One that may be gone may be any that ever was.
      const candidates = ((presence === null ? ever : there).get(name) ?? []).filter(
        (t) => bus === null || (t as { bus: Json }).bus === bus,
      )
      // One that may or may not be there claims nothing by itself.
      if (presence === null && candidates.length === 0) continue
      if (!candidates.some((t) => overclaims(c, t).length === 0)) {
        found.push(...(candidates.length === 0 ? [`${name} is claimed to be present and is not`] : overclaims(c, candidates.at(-1)!, name)))
      }
    }
  }
  const real = nodes(truth)
  for (const node of nodes(claim)) if (!real.has(node)) found.push(`iomem: claims ${node}`)
  return found
}

/** Whether the whole recording has this violation too: the same rule, about pages it names there as well. */
function isReal(v: Violation, whole: readonly Violation[]): boolean {
  return whole.some(
    (w) =>
      w.rule === v.rule &&
      w.certainty === 'certain' &&
      (v.about ?? []).every((a) => (w.about ?? []).some((b) => b.first <= a.first && a.last <= b.last)),
  )
}

describe.each(SMALL)('%s with a gap', (name) => {
  const lines = traceLines(name)
  const whole: Promise<Imported> = imported(name)

  it('never claims more than the whole recording bears out', async () => {
    const { summary, history } = await whole
    const wholeCheck = (await check(history)).violations
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: summary.entries }),
        fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: Math.max(1, Math.floor(summary.entries / 2)) })),
        fc.array(fc.integer({ min: 1, max: summary.entries }), { minLength: 2, maxLength: 4 }),
        async (first, count, at) => {
          const c = cut(lines, first, count)
          const gapped = await imported(name, c.lines)
          expect(gapped.summary.lost).toBe(Math.min(count, c.entries - first + 1))
          for (const entry of [...at, first + count, first + count + 1, summary.entries]) {
            const there = c.map(entry)
            if (there === null || entry > summary.entries) continue
            const claim = await gapped.history.at({ kind: 'entry', entry: there })
            const truth = await history.at({ kind: 'entry', entry })
            expect(dishonest(claim, truth), `gap of ${count} from entry ${first}, at entry ${entry}`).toEqual([])
          }
          const { violations } = await check(gapped.history)
          const invented = violations.filter((v) => v.certainty === 'certain' && !isReal(v, wholeCheck))
          expect(
            invented.map((v) => v.summary),
            `gap of ${count} from entry ${first}`,
          ).toEqual([])
        },
      ),
      { numRuns: RUNS },
    )
  }, 120_000)

  it('never claims more where one CPU lost entries while the others went on', async () => {
    const { summary, history } = await whole
    const wholeCheck = (await check(history)).violations
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: summary.entries }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 4, maxLength: 8 }),
        async (first, count, after) => {
          const c = cutOneCpu(lines, first, count)
          if (c === null) return
          const gapped = await imported(name, c.lines)
          expect(gapped.summary.lost).toBe(summary.entries - gapped.summary.entries)
          for (const entry of [...after.map((n) => first + n), summary.entries]) {
            const there = entry > summary.entries ? null : c.map(entry)
            if (there === null) continue
            const claim = await gapped.history.at({ kind: 'entry', entry: there })
            const truth = await history.at({ kind: 'entry', entry })
            expect(dishonest(claim, truth), `${count} entries of CPU ${c.cpu} from entry ${first}, at entry ${entry}`).toEqual([])
          }
          const invented = (await check(gapped.history)).violations.filter((v) => v.certainty === 'certain' && !isReal(v, wholeCheck))
          expect(
            invented.map((v) => v.summary),
            `${count} entries of CPU ${c.cpu} from entry ${first}`,
          ).toEqual([])
        },
      ),
      { numRuns: RUNS },
    )
  }, 120_000)

  it('never claims more where only the number of what is missing is known', async () => {
    const { summary, history } = await whole
    const wholeCheck = (await check(history)).violations
    const entry = fc.integer({ min: 1, max: summary.entries })
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 1, maxLength: 12 }),
        fc.array(entry, { minLength: 4, maxLength: 8 }),
        fc.boolean(),
        async (missing, at, isCounted) => {
          const gone = new Set(missing)
          const c = cutUntold(lines, gone)
          const stats = `CPU: 0\nentries: 0\noverrun: 0\ncommit overrun: 0\ndropped events: ${gone.size}\nread events: 1\n`
          const gapped = isCounted ? await imported(name, c.lines, [], { stats }) : await imported(name, [...c.lines.slice(1), c.announced])
          expect([gapped.summary.lost, gapped.summary.complete]).toEqual([gone.size, false])
          for (const moment of [...at, summary.entries]) {
            const there = c.map(moment)
            if (there === null) continue
            const claim = await gapped.history.at({ kind: 'entry', entry: there })
            const truth = await history.at({ kind: 'entry', entry: moment })
            expect(dishonest(claim, truth), `without ${[...gone].join()}, at entry ${moment}`).toEqual([])
          }
          const invented = (await check(gapped.history)).violations.filter((v) => v.certainty === 'certain' && !isReal(v, wholeCheck))
          expect(
            invented.map((v) => v.summary),
            `without ${[...gone].join()}`,
          ).toEqual([])
        },
      ),
      { numRuns: Math.ceil(RUNS / 4) },
    )
  }, 120_000)

  it('never claims more where probes missed hits', async () => {
    const { summary, history } = await whole
    const wholeCheck = (await check(history)).violations
    const hits = hitsOf(lines)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...hits.keys()),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: summary.entries }), { minLength: 4, maxLength: 8 }),
        async (event, which, at) => {
          const all = hits.get(event)!
          const gone = new Set(which.map((n) => all[Math.floor(n * all.length)]!))
          const c = cutUntold(lines, gone)
          const missed = await imported(name, c.lines, [], { kprobeProfile: `  ${event}   100   ${gone.size}\n` })
          expect(missed.summary.complete).toBe(false)
          for (const moment of [...at, ...[...gone].map((g) => g + 1), summary.entries]) {
            const there = moment > summary.entries ? null : c.map(moment)
            if (there === null) continue
            const claim = await missed.history.at({ kind: 'entry', entry: there })
            const truth = await history.at({ kind: 'entry', entry: moment })
            expect(dishonest(claim, truth), `${event} missed ${[...gone].join()}, at entry ${moment}`).toEqual([])
          }
          const invented = (await check(missed.history)).violations.filter((v) => v.certainty === 'certain' && !isReal(v, wholeCheck))
          expect(
            invented.map((v) => v.summary),
            `${event} missed ${[...gone].join()}`,
          ).toEqual([])
        },
      ),
      { numRuns: Math.ceil(RUNS / 2) },
    )
  }, 120_000)
})

const untold = (missing: number): { readonly stats: string } => ({
  stats: `CPU: 0\nentries: 0\noverrun: 0\ncommit overrun: 0\ndropped events: ${missing}\nread events: 1\n`,
})
const missedHits = (probe: string, hits: number): { readonly kprobeProfile: string } => ({
  kprobeProfile: `  ${probe}   100   ${hits}\n`,
})

/** What the properties found once, kept so that it is looked at every time. */
describe('a claim that was too much', () => {
  it.each([
    ['of two dax0.0, whose call may be over', 'devdax-dev', [1, 356], 357, untold(2)],
    ['of a probe that went well, and whose return is missing', 'raw-bind-unbind', [89], 120, missedHits('driver_probe_ret', 1)],
  ] as const)('%s', async (_, name, missing, moment, beside) => {
    const c = cutUntold(traceLines(name), new Set(missing))
    const { history } = await imported(name, c.lines, [], beside)
    const claim = await history.at({ kind: 'entry', entry: c.map(moment)! })
    const truth = await (await imported(name)).history.at({ kind: 'entry', entry: moment })
    expect(dishonest(claim, truth)).toEqual([])
  })
})
