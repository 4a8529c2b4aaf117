import { join } from 'node:path'
import { memoryStore, sampleMeta } from '@devtrail/event-log'
import { openRecording } from '@devtrail/linux-trace/node'
import { History } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { ndjsonOf } from '../logs/export.ts'
import { whole } from '../logs/exported.ts'
import { importInto } from '../logs/import.ts'
import { models, surveyOf, vocabulary } from '@devtrail/survey'
import { names, RECORDINGS, traceLines } from './recorded.test-support.ts'

interface Exported {
  readonly entry?: number
  readonly time: string
  readonly cpu: number
  readonly context: string
  readonly source?: string
  readonly where?: string
  readonly actor?: { readonly pid: number; readonly comm: string }
  readonly data?: Readonly<Record<string, unknown>>
  readonly about?: string
  readonly comm?: string
  readonly pid?: number
  readonly event?: string
  readonly body?: string
}

async function exported(name: string): Promise<Exported[]> {
  const { recording } = await openRecording(join(RECORDINGS, name))
  const store = memoryStore(vocabulary)
  const writer = await store.create(sampleMeta())
  await importInto(writer, recording, 'x', { signal: new AbortController().signal, onProgress: () => {} })
  const reader = await store.open()
  const lines: Exported[] = []
  for await (const line of ndjsonOf(whole({ reader, imported: null }), (await surveyOf(new History(reader, models))).names))
    lines.push(JSON.parse(line) as Exported)
  return lines.slice(1)
}

const LINE = /^ *(?<comm>.{1,16})-(?<pid>\d+) +\[(?<cpu>\d+)\] (?<context>\S+) +(?<time>\d+\.\d+): (?<event>[^:]+): ?(?<body>.*)$/
const POINTERS = new Set(['pgmap', 'ref', 'q', 'page', 'cached', 'ops'])
const STRUCT_PAGE = 64n
const word = (value: string): bigint => BigInt.asUintN(64, value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value))

/** What the events of one entry say. */
class Said {
  readonly #events: readonly Exported[]
  readonly #pointers: ReadonlyMap<number, ReadonlySet<string>>
  readonly #values: ReadonlySet<string>
  readonly #words: ReadonlySet<bigint>

  constructor(events: readonly Exported[], pointers: ReadonlyMap<number, ReadonlySet<string>>) {
    this.#events = events
    this.#pointers = pointers
    const values = events.flatMap(({ data }) => Object.values(data ?? {}))
    this.#values = new Set(values.map(String))
    this.#words = new Set(values.filter((v) => /^(-?\d+|0x[0-9a-f]+)$/.test(String(v))).map((v) => word(String(v))))
  }

  #field(name: string): string | number | undefined {
    return this.#events.map(({ data }) => data?.[name]).find((v) => typeof v === 'string' || typeof v === 'number')
  }

  /** Whether a field of the entry follows from what the events say. */
  has(name: string, value: string): boolean {
    if (this.#values.has(value)) return true
    if (name === 'dev')
      return this.#events.some(({ about, data }) => [about?.split('/').at(-1)?.split('#')[0], data?.['name']].includes(value))
    if (!/^(-?\d+|0x[0-9a-f]+)$/.test(value)) return false
    const n = word(value)
    if (this.#words.has(n) || (n === 0n && this.#values.has('null'))) return true
    // The array of struct pages starts where the page's own pfn says.
    if (name === 'vmemmap') {
      const [page, pfn] = [this.#field('page') ?? this.#field('page0'), this.#field('pfn')]
      return page === undefined || pfn === undefined || word(String(page)) - word(String(pfn)) * STRUCT_PAGE === n
    }
    if (name === 'n' || name === 'size')
      return this.#field('start') !== undefined && word(String(this.#field('end'))) - word(String(this.#field('start'))) + 1n === n
    // A driver that does not take a device returns a positive errno, or one that stands for success.
    if (name === 'ret') return this.#words.has(BigInt.asUintN(64, -n)) || this.#field('errno') !== undefined
    const pagemap = this.#field('pagemap')
    return POINTERS.has(name) && typeof pagemap === 'number' && this.#pointers.get(pagemap)?.has(value) === true
  }
}

test.each(names.filter((name) => !name.includes('stress')))(
  '%s: the export gives back every field of every entry',
  { timeout: 120_000 },
  async (name) => {
    const lines = await exported(name)
    const byEntry = Map.groupBy(lines, ({ entry }) => entry ?? 0)
    const pointers = new Map<number, Set<string>>()
    for (const { data } of lines) {
      const { pagemap, pointer } = data ?? {}
      if (typeof pagemap === 'number' && typeof pointer === 'string')
        pointers.set(pagemap, (pointers.get(pagemap) ?? new Set()).add(pointer))
    }
    const lost: string[] = []
    let entry = 0
    for (const line of traceLines(name)) {
      const found = LINE.exec(line)?.groups
      if (found === undefined) continue
      entry++
      const { comm, pid, cpu, context, time, event, body } = found as {
        [key in 'comm' | 'pid' | 'cpu' | 'context' | 'time' | 'event' | 'body']: string
      }
      const events = byEntry.get(entry) ?? []
      const head = events.find((e) => (e.source ?? e.event) === event)
      const who = head?.actor ?? head
      const same = [
        who?.comm === comm.trim(),
        who?.pid === Number(pid),
        head?.cpu === Number(cpu),
        head?.context === context,
        head?.time === `${time}000`,
      ]
      if (same.includes(false)) lost.push(`${line}: ${JSON.stringify(head)}`)
      if (head?.body !== undefined) {
        if (head.body !== body) lost.push(`${line}: ${head.body}`)
        continue
      }
      const text = String(head?.data?.['text'] ?? '')
      if (text !== '' && body.includes(text)) continue
      const where = /^\((.*?)\)( |$)/.exec(body)?.[1]
      if (where !== head?.where) lost.push(`${line}: ${head?.where}`)
      const said = new Said(events, pointers)
      for (const [, field, value] of body.matchAll(/(\w+)=("[^"]*"|\S+)/g)) {
        if (!said.has(field!, value!.replaceAll('"', ''))) lost.push(`${field}=${value} of ${line}: ${JSON.stringify(events)}`)
      }
    }
    expect(lost.slice(0, 3)).toEqual([])
    expect(entry).toBeGreaterThan(30)
  },
)
