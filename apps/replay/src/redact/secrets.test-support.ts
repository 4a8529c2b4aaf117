/** What a log tells of a machine and its users, and how it is called in a redacted one: read off pairs of events, by their declarations. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import type { AnyEvent } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import { UUID } from './renaming.ts'

export class Secrets {
  readonly pids = new Map<number, number>()
  readonly commands = new Map<string, string>()
  /** Pointers, paths, uuids, texts. */
  readonly strings = new Map<string, string>()
  /** Words of the kernel that stay; what is mounted can be called like its file system. */
  readonly #kept = new Set<string>()

  see(before: AnyEvent, after: AnyEvent): void {
    if (before.actor !== null && after.actor !== null) {
      this.pids.set(before.actor.pid, after.actor.pid)
      this.commands.set(before.actor.comm, after.actor.comm)
    }
    for (const [name, { kind, reveals }] of Object.entries(vocabulary.get(before.type).fields)) {
      const [old, now] = [before.data[name], after.data[name]]
      if (old === null || now === null) continue
      const isWord = reveals === undefined || ((reveals === 'word' || reveals === 'filesystem') && old === now)
      if (kind === 'string' && isWord) this.#word(old as string, now as string)
      if (kind === 'pid') this.pids.set(old as number, now as number)
      else if (reveals === 'command') this.commands.set(old as string, now as string)
      else if (kind === 'pointer' || kind === 'text' || (kind === 'string' && !isWord)) this.#string(old as string, now as string)
    }
  }

  /** A word of the kernel stays, but for the uuid that may be a part of it. */
  #word(old: string, now: string): void {
    const uuids = old.match(UUID)
    if (uuids === null) this.#kept.add(old)
    else for (const uuid of uuids) this.strings.set(uuid, /identity-\d+/.exec(now)?.[0] ?? uuid.toUpperCase())
  }

  #string(old: string, now: string): void {
    this.strings.set(old, now)
    // Summaries quote a text's first line.
    this.strings.set(old.split('\n')[0]!, now.split('\n')[0]!)
  }

  /** An answer about the log in the names of the redacted one. */
  translated(answer: unknown, key = ''): unknown {
    if (typeof answer === 'number' && key === 'pid') return this.pids.get(answer) ?? answer
    if (typeof answer === 'string') return key === 'comm' ? (this.commands.get(answer) ?? answer) : this.#words(answer)
    if (Array.isArray(answer)) return answer.map((item) => this.translated(item))
    if (typeof answer !== 'object' || answer === null) return answer
    return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, this.translated(value, name)]))
  }

  #words(text: string): string {
    // A mount can be called like a word of the kernel.
    if (this.#kept.has(text)) return text
    const whole = this.strings.get(text)
    if (whole !== undefined) return whole
    let out = text
    for (const [old, now] of this.strings) if (old.length > 12 && !old.startsWith('0x')) out = out.replaceAll(old, () => now)
    return out
      .replaceAll(/0x[0-9a-f]+/g, (pointer) => this.strings.get(pointer) ?? pointer)
      .replaceAll(
        /(\S+) \(pid (\d+)\)/g,
        (_, comm: string, pid: string) => `${this.commands.get(comm) ?? comm} (pid ${this.pids.get(Number(pid)) ?? pid})`,
      )
  }

  /** What must not be found: what has another name now, long enough not to be found by chance. */
  get gone(): string[] {
    const renamed = [...this.strings, ...this.commands].filter(([old, now]) => old !== now).map(([old]) => old)
    const bare = renamed.filter((old) => old.startsWith('0x')).map((old) => old.replace(/^0x0*/, ''))
    return [...renamed, ...bare].filter((old) => old.length > 3 && !this.#kept.has(old))
  }
}

const BLOCK_HEADER = 48

/** A segment's bytes, and those of its blocks as they were before they were masked and packed (FORMAT.md). */
function unpacked(segment: Buffer): Buffer[] {
  const all = [segment]
  for (let at = 64; segment.toString('latin1', at, at + 4) === 'DTBK';) {
    const length = segment.readUInt32LE(at + 12)
    const mask = segment[at + 21]!
    const stored = segment.subarray(at + BLOCK_HEADER, at + BLOCK_HEADER + length).map((byte) => byte ^ mask) as Buffer
    all.push(segment.readUInt16LE(at + 22) === 3 ? zstdDecompressSync(stored.subarray(0, length - stored.at(-1)!)) : stored)
    at += BLOCK_HEADER + length
  }
  return all
}

/** All bytes of a log's files, also as they are once unpacked. */
export function bytesOf(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap(({ parentPath, name }) => {
      const bytes = readFileSync(join(parentPath, name))
      return name.endsWith('.seg') ? unpacked(bytes) : [bytes]
    })
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)

/** Longer ones are looked for anywhere; shorter ones can be a part of another word. */
const LONG = 12

/** Those of the words that stand somewhere in the bytes: alone, or as a string of a dictionary (its length first). */
export function foundIn(bytes: readonly Buffer[], words: readonly string[]): string[] {
  const texts = bytes.map((part) => part.toString('latin1'))
  return words.filter((word) => {
    const latin = Buffer.from(word, 'utf8').toString('latin1')
    const whole = new RegExp(String.raw`(?<![\w/.-])${escaped(latin)}(?![\w/.-])`)
    const stored = String.fromCharCode(2 * latin.length) + latin
    return texts.some((text) => text.includes(latin) && (latin.length >= LONG || text.includes(stored) || whole.test(text)))
  })
}
