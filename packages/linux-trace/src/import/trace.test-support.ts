/** Hand-written traces for tests: entries by task, one a millisecond from 1 s on, and what importing them says. */
import type { AnyEvent } from '@devtrail/events'
import { evolveDevres, initialDevres, type DevresState } from '@devtrail/devres'
import { evolveMemremap, initialMemremap, type MemremapState, type Pagemap } from '@devtrail/memremap'
import { evolveResourceTree, initialResourceTree, printTree } from '@devtrail/resource-tree'
import type { Recording } from '../recording.ts'
import { KeptReader, type KeptEntry } from '../entries/kept.ts'
import { ownEvent } from './glance.ts'
import type { ImportOptions, ImportSummary } from './contract.ts'
import { importRecording } from './importer.ts'

/** What a task of a trace does: an entry without its time. */
export type Step = (time: string) => string

/** A task on a CPU: hand it the name and body of each entry. */
export const on =
  (task: string, cpu = 0) =>
  (body: string): Step =>
  (time) =>
    `${task.padStart(22)}    [${String(cpu).padStart(3, '0')}] .....  ${time}: ${body}`

/** Of which the caller tells something, as it is in 6.1. */
const CALLERS: Readonly<Record<string, string>> = { really_probe: '__driver_probe_device' }

/** The entry of a probe at a function, and at its return. */
export const enter = (symbol: string, fields = ''): string => `${symbol}: (${symbol}+0x0/0x100) ${fields}`.trimEnd()
export const ret = (symbol: string, value: string | number | null = 0, caller = CALLERS[symbol] ?? 'caller'): string =>
  `${symbol}_ret: (${caller}+0x10/0x20 <- ${symbol})${value === null ? '' : ` ret=${value}`}`

/** A line that stands in a trace as it is. */
export const raw =
  (line: string): Step =>
  () =>
    line

export interface Told {
  readonly events: readonly AnyEvent[]
  readonly kept: readonly KeptEntry[]
  readonly summary: ImportSummary
  /** The events of a type. */
  readonly all: (type: string) => readonly AnyEvent[]
  /** The data of each event of a type. */
  readonly data: (type: string) => readonly AnyEvent['data'][]
  /** /proc/iomem as it is in the end. */
  readonly iomem: string
  readonly devres: DevresState
  readonly memremap: MemremapState
  /** The one pagemap there is. */
  readonly pagemap: Pagemap
}

type Parts = Partial<Omit<Recording, 'trace'>> & { readonly header?: string | null }

const isEntry = (line: string): boolean => / \[\d{3}\] \.{5}  /.test(line)

/** Imports a trace that has a header saying that it is complete, unless `header` says otherwise. */
export async function imported(steps: readonly Step[], parts: Parts = {}, options: ImportOptions = {}): Promise<Told> {
  const { header, ...texts } = parts
  const lines = steps.map((step, i) => step(`1.${String(i + 1).padStart(3, '0')}000`))
  const n = lines.filter(isEntry).length
  const head = header === undefined ? `# entries-in-buffer/entries-written: ${n}/${n}   #P:2` : header
  async function* trace(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${[...(head === null ? [] : [head]), ...lines].join('\n')}\n`)
  }
  const events: AnyEvent[] = []
  const kept: KeptEntry[] = []
  const recording: Recording = { name: 'test', trace: trace(), ...texts }
  const reader = new KeptReader()
  const sink = { event: (e: AnyEvent) => void events.push(ownEvent(e)), kept: (bytes: Uint8Array) => void kept.push(...reader.read(bytes)) }
  const summary = await importRecording(recording, sink, options)
  const tree = initialResourceTree()
  const devres = initialDevres()
  const memremap = initialMemremap()
  for (const e of events) {
    evolveResourceTree(tree, e)
    evolveDevres(devres, e)
    evolveMemremap(memremap, e)
  }
  const all = (type: string): AnyEvent[] => events.filter((e) => e.type === type)
  return {
    events,
    kept,
    summary,
    all,
    data: (type) => all(type).map((e) => e.data),
    iomem: printTree(tree, 'iomem'),
    devres,
    memremap,
    get pagemap() {
      const [only, ...more] = memremap.pagemaps.values()
      if (only === undefined || more.length > 0) throw new Error(`expected one pagemap, found ${memremap.pagemaps.size}`)
      return only
    },
  }
}
