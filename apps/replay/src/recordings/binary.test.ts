/** The text and the binary form of one recording give the same events. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { AnyEvent } from '@devtrail/events'
import { importRecording, ownEvent, type ImportSummary } from '@devtrail/linux-trace'
import { openRecording } from '@devtrail/linux-trace/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { names, RECORDINGS } from './recorded.test-support.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devtrail-binary-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function imported(recording: Parameters<typeof importRecording>[0]): Promise<{ events: AnyEvent[]; summary: ImportSummary }> {
  const events: AnyEvent[] = []
  return { summary: await importRecording(recording, { event: (e) => void events.push(ownEvent(e)), kept: () => {} }), events }
}

/** A binary form of a recording, beside its text or packed. */
async function binaryOf(name: string, file: string): Promise<string> {
  const path = join(RECORDINGS, name, file)
  if (!file.endsWith('.gz')) return path
  const unpacked = join(folder, `${name}.dat`)
  await writeFile(unpacked, gunzipSync(await readFile(path)))
  return unpacked
}

/** An event as both forms tell it: times to the microsecond, nodes renamed, without the names that the binary form does not hold. */
class Renamed {
  readonly #nodes = new Map<string, string>()
  readonly #taken = new Set<string>()

  /** Whether two nodes may be one: each node of the text is one of the binary, and the other way round. */
  isSame(text: string, binary: string): boolean {
    const known = this.#nodes.get(text)
    if (known !== undefined) return known === binary
    if (this.#taken.has(binary)) return false
    this.#nodes.set(text, binary)
    this.#taken.add(binary)
    return true
  }
}

const isDevres = (e: AnyEvent): boolean => e.type.startsWith('devres/') && typeof e.data['node'] === 'string'

function plain(e: AnyEvent): unknown {
  const { release: _, node: __, ...data } = e.data
  return { ...e, time: Math.round(e.time / 1000), data: isDevres(e) ? data : e.data }
}

const FORMS = ['trace.dat', 'trace.v6.dat.gz']
const both = names.flatMap((name) => FORMS.filter((file) => existsSync(join(RECORDINGS, name, file))).map((file) => [name, file] as const))

describe.each(both)('%s, %s', (name, file) => {
  it('gives the events of its text: the same number, order, types and fields', async () => {
    const { recording } = await openRecording(join(RECORDINGS, name))
    const binary = await openRecording(await binaryOf(name, file))
    const { foresee: _, ...beside } = recording
    const text = await imported(recording)
    const other = await imported({ ...beside, trace: binary.recording.trace })
    expect(other.events.length).toBe(text.events.length)
    const nodes = new Renamed()
    for (const [i, event] of text.events.entries()) {
      const twin = other.events[i]!
      expect(plain(twin)).toEqual(plain(event))
      if (!isDevres(event)) continue
      expect(nodes.isSame(event.data['node'] as string, twin.data['node'] as string)).toBe(true)
      expect(twin.data['release']).toBeNull()
    }
    // Only the file itself names its clock.
    expect({ ...other.summary, notes: [] }).toEqual({ ...text.summary, clock: 'mono', notes: [] })
    const told = other.summary.notes
      .map((note) => note.split(/[:\d]/, 1)[0])
      .filter((note) => !text.summary.notes.some((n) => n.startsWith(note!)))
    const hasDevres = text.events.some(isDevres)
    const wasOverwritten = (text.summary.lost ?? 0) > 0
    expect(told).toEqual([
      ...(wasOverwritten ? ['of the entries of CPU '] : []),
      ...(hasDevres ? ['devres_log holds operations and names as addresses only'] : []),
    ])
  })
})

it('covers both versions of the format, compressed and not', () => {
  expect(new Set(both.map(([, file]) => file))).toEqual(new Set(FORMS))
})
