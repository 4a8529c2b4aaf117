/** What explains a log of ten million events, beside what it is made of: loads of keyframes and folds. */
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { figureName, median, workFolder, type Bench, type Figure, type Peer } from '@devtrail/bench'
import { openFileLog } from '@devtrail/event-log/file'
import type { Keyframe, LogReader } from '@devtrail/event-log'
import {
  bisect,
  blame,
  BlockFold,
  check,
  differences,
  History,
  keyText,
  listsOf,
  Machine,
  parseExpression,
  parsePath,
  viewOf,
} from '@devtrail/time-travel'
import { models, refsOf, vocabulary } from '@devtrail/survey'
import { askedOf, mostOf } from './command-memory.ts'
import { writeSimulated } from './simulated-log.ts'

/** `BENCH_EVENTS`: fewer, to try it out. */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 10_000_000)
const EVENT_BYTES = 20
const DEVICES = 64
const QUESTIONS_PER_ROUND = 8
const WARMUPS = 6
const MIB = 1024 * 1024
const MEMORY_MIB = 150
const DIST = join(import.meta.dirname, '../dist')
/** Runs of each whole command. */
const COMMAND_RUNS = 5
/** Commands whose memory is measured, each as a process of its own. */
const REMEMBERED = ['state', 'diff', 'blame', 'why', 'refs', 'stuck', 'bisect', 'events', 'check', 'debug'] as const

const KEYFRAME: Omit<Peer, 'name'> = { goal: 1 / 3, goalText: 'at most three times' }
const MEMORY = 'devtrail --version + the state + 150 MiB'
const PARTS = 'one keyframe load + half an interval folded'
const peers: readonly Peer[] = [
  { name: `state: ${PARTS}`, ...KEYFRAME },
  { name: `refs: ${PARTS}`, ...KEYFRAME },
  { name: `blame: ${PARTS}`, ...KEYFRAME },
  { name: `diff: ${PARTS}`, ...KEYFRAME },
  { name: 'bisect: one fold', goal: 0.5, goalText: 'at most twice' },
  { name: 'check: one fold', goal: 0.5, goalText: 'at least half as fast' },
  ...['state', 'refs', 'blame', 'diff', 'why', 'stuck'].map((name) => ({
    name: `devtrail ${name}: devtrail --version + ${PARTS}`,
    ...KEYFRAME,
  })),
  ...REMEMBERED.map((name) => ({ name: `memory of devtrail ${name}: ${MEMORY}`, goal: 1, goalText: 'at most' })),
]

const about = {
  name: 'replay/explain',
  about: `questions about a log of ${EVENTS.toLocaleString('en').replaceAll(',', ' ')} events over ${DEVICES} devices: medians at random positions, and whole passes`,
}

async function millis(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e6
}

const lists = listsOf(models)

/** The path of every value in a view. */
function leavesOf(path: string, value: unknown, name: string): string[] {
  if (typeof value !== 'object' || value === null || 'atLeast' in value) return [path]
  if (Array.isArray(value)) return [path]
  if ('known' in value) {
    const keys = lists.get(name) ?? { by: [] }
    return (value.known as unknown[]).flatMap((element, place) => leavesOf(`${path}[${keyText(element, place, keys)}]`, element, ''))
  }
  return Object.entries(value).flatMap(([field, inner]) => leavesOf(path === '' ? field : `${path}.${field}`, inner, field))
}

class Questions {
  readonly #reader: LogReader
  readonly #history: History
  readonly #first: number
  #state = 1

  constructor(reader: LogReader, history: History, first: number) {
    this.#reader = reader
    this.#history = history
    this.#first = first
  }

  random(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0
    return Math.floor(((this.#state >>> 0) / 2 ** 32) * n)
  }

  position(): { kind: 'seq'; seq: number } {
    return { kind: 'seq', seq: this.#first + this.random(this.#reader.lastSeq - this.#first) }
  }

  state(): Promise<number> {
    const at = this.position()
    return millis(() => this.#history.at(at))
  }

  refs(): Promise<number> {
    const at = this.position()
    const device = 1 + this.random(DEVICES)
    return millis(async () => refsOf((await this.#history.at(at)).machine, new Set([device])))
  }

  /** Of a value that a random device has at a random position: each leaf of its view as likely as any other. */
  async blame(): Promise<number> {
    const at = this.position()
    const device = 1 + this.random(DEVICES)
    const { machine } = await this.#history.at(at)
    const leaves = leavesOf('', viewOf(machine, device), '')
    const path = parsePath(leaves[this.random(leaves.length)]!)
    return millis(() => blame(this.#history, { device, path }, at.seq))
  }

  diff(): Promise<number> {
    const [a, b] = [this.position(), this.position()]
    return millis(async () => {
      const from = (await this.#history.at(a)).machine
      const to = (await this.#history.at(b)).machine
      for (let d = 1; d <= DEVICES; d++) differences(d, viewOf(from, d), viewOf(to, d), lists)
    })
  }
}

/** A whole command, as a person waits for it; what it prints is thrown away. */
function command(...args: readonly string[]): Promise<number> {
  return millis(async () => {
    const { status } = spawnSync(process.execPath, [join(DIST, 'main.js'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    // 1 is an answer, too.
    if (status !== 0 && status !== 1) throw new Error(`devtrail ${args.join(' ')} ended with ${status}`)
  })
}

/** The name under which the command looks for keyframes. */
const foldOfCommand = (): string =>
  execFileSync(
    process.execPath,
    ['-e', `import(${JSON.stringify(join(DIST, 'logs/code-version.js'))}).then(({ foldVersion }) => process.stdout.write(foldVersion()))`],
    { encoding: 'utf8' },
  )

async function wholeCommands(log: string, ask: Questions): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>()
  const measured = async (name: string, ...args: readonly string[]): Promise<void> => {
    const took = await command(...args)
    times.set(name, [...(times.get(name) ?? []), took])
  }
  for (let run = 0; run < COMMAND_RUNS; run++) {
    const { seq } = ask.position()
    const at = String(seq)
    const device = `pfn${ask.random(DEVICES)}.0`
    await measured('--version', '--version')
    await measured('state', 'state', log, '--at', at, '--device', device)
    await measured('refs', 'refs', log, '--at', at, '--device', device)
    await measured('blame', 'blame', log, '--at', at, '--device', device, '--path', 'driver.state')
    // Near each other: the events behind changes far apart have to be looked for.
    await measured('diff', 'diff', log, '--from', at, '--to', String(Math.max(1, seq - 1000)), '--device', device)
    await measured('why', 'why', log, at)
    await measured('stuck', 'stuck', log, '--at', at)
  }
  return times
}

const partsBytes = (keyframe: Keyframe | null): number => keyframe?.parts.values().reduce((sum, part) => sum + part.length, 0) ?? 0

async function wholePasses(
  history: History,
  fold: () => Promise<void>,
  rounds: number,
): Promise<{ fold: number[]; bisect: number[]; check: number[] }> {
  // Of pages of one device among 64, which events touch all the time; it is never true, so every event is looked at.
  const never = parseExpression(
    'device("pfn7.0").driver.state == "bound" && count(device("pfn7.0").pagemaps[0x8000000000].pageRefs) > 100000',
  )
  const times: { fold: number[]; bisect: number[]; check: number[] } = { fold: [], bisect: [], check: [] }
  for (let round = 0; round < rounds; round++) {
    times.fold.push(await millis(fold))
    times.bisect.push(await millis(() => bisect(history, never)))
    times.check.push(await millis(() => check(history)))
  }
  return times
}

async function measure(wanted: readonly Peer[], { rounds }: { readonly rounds: number }): Promise<readonly Figure[]> {
  const folder = workFolder(EVENTS * EVENT_BYTES)
  const foldName = foldOfCommand()
  const log = await writeSimulated(folder, EVENTS, () => {}, foldName)
  await using reader = await openFileLog(log, vocabulary)
  const history = new History(reader, models, { fold: foldName })
  const keyframes = await reader.keyframes(foldName)
  const interval = keyframes.length > 1 ? keyframes[1]! - keyframes[0]! : reader.lastSeq
  const ask = new Questions(reader, history, keyframes[0] ?? 1)
  const kinds = ['state', 'refs', 'blame', 'diff'] as const
  const times = { state: [] as number[], refs: [] as number[], blame: [] as number[], diff: [] as number[] }
  const loads: number[] = []
  const folds: number[] = []
  const fold = new BlockFold(new Machine(models, await history.facts()))
  const foldSome = async (): Promise<number> => {
    const first = 1 + ask.random(reader.lastSeq - interval)
    let folded = 0
    const took = await millis(async () => {
      for await (const block of reader.blocks({ from: first, to: first + interval })) {
        fold.step(block)
        folded += block.count
      }
    })
    return (took / folded) * interval
  }
  for (let i = 0; i < WARMUPS; i++) for (const kind of kinds) await ask[kind]()
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < QUESTIONS_PER_ROUND; i++) {
      for (const kind of kinds) times[kind].push(await ask[kind]())
      const seq = keyframes[ask.random(keyframes.length)]!
      loads.push(await millis(() => history.at({ kind: 'seq', seq })))
    }
    folds.push(await foldSome())
  }
  const whole = async (): Promise<void> => {
    const f = new BlockFold(new Machine(models, await history.facts()))
    for await (const block of reader.blocks()) f.step(block)
  }
  const passes = await wholePasses(history, whole, Math.max(3, Math.floor(rounds / 3)))
  const commands = await wholeCommands(log, ask)
  const parts = median(loads) + median(folds) / 2
  const state = partsBytes(await reader.keyframe(foldName, reader.lastSeq)) / MIB
  const figures: Record<string, { ours: number; peer: number; unit: string; note?: string }> = {
    bisect: { ours: median(passes.bisect), peer: median(passes.fold), unit: 'ms' },
    check: { ours: median(passes.check), peer: median(passes.fold), unit: 'ms' },
  }
  for (const kind of kinds) {
    const sorted = times[kind].toSorted((a, b) => a - b)
    const note = `at the 95th percentile ${sorted[Math.floor(sorted.length * 0.95)]!.toFixed(1)} ms; a keyframe's load ${median(loads).toFixed(1)} ms, half an interval ${(median(folds) / 2).toFixed(1)} ms`
    figures[kind] = { ours: median(times[kind]), peer: parts, unit: 'ms', note }
  }
  for (const [name, took] of commands) {
    const start = median(commands.get('--version')!)
    figures[`devtrail ${name}`] = {
      ours: median(took),
      peer: start + parts,
      unit: 'ms',
      note: `of that the start takes ${start.toFixed(0)} ms`,
    }
  }
  const questions = askedOf(log, reader.lastSeq)
  const start = mostOf(folder, ['--version'])
  for (const name of REMEMBERED) {
    if (!wanted.some((peer) => peer.name === `memory of devtrail ${name}: ${MEMORY}`)) continue
    const { args, input } = questions.get(name)!
    figures[`memory of devtrail ${name}`] = { ours: mostOf(folder, args, input), peer: start + state + MEMORY_MIB, unit: 'MiB' }
  }
  return wanted.map((peer) => {
    const figure = figures[peer.name.split(':', 1)[0]!]!
    return { ...peer, ...figure, name: figureName(about, peer), ratio: figure.peer / figure.ours }
  })
}

export const benches: readonly Bench[] = [{ ...about, peers, measure }]
