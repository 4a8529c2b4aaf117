/** What the reader in `test/second-reader.mjs`, which was written from FORMAT.md alone, says of a log. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { AnyEvent, Vocabulary } from '@devtrail/events'

const SCRIPT = join(import.meta.dirname, '../../test/second-reader.mjs')

/** A part of a keyframe, or an attachment. */
export interface CheckedBytes {
  readonly bytes: number
  readonly crc32: string
}

/** What it says beside the events. */
export interface Rest {
  readonly meta: Record<string, unknown>
  readonly segments: readonly { readonly blocks: number; readonly compressed: number; readonly sealed: boolean }[]
  readonly types: readonly string[]
  readonly tornAt: number | null
  readonly count: number
  readonly lastSeq: number
  readonly attachments: readonly ({ readonly name: string } & CheckedBytes)[]
  readonly keyframes: readonly { readonly fold: string; readonly seq: number; readonly parts: Record<string, CheckedBytes> }[]
}

export interface SecondReading {
  readonly status: number | null
  /** Each event as it was printed, in order. */
  readonly events: readonly unknown[]
  /** Null when something did not fit. */
  readonly rest: Rest | null
  readonly stderr: string
}

/** Reads a log in a process of its own. */
export function readSecond(folder: string): Promise<SecondReading> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (data: Buffer) => void stdout.push(data))
    child.stderr.on('data', (data: Buffer) => void stderr.push(data))
    child.on('error', reject)
    child.on('close', (status) => {
      const said = Buffer.concat(stderr).toString()
      const lines = Buffer.concat(stdout).toString().split('\n').slice(0, -1)
      const events = lines.map((line): unknown => JSON.parse(line))
      resolve({ status, events, rest: status === 0 ? (JSON.parse(said) as Rest) : null, stderr: said })
    })
  })
}

/** An event as the second reader prints it: as `eventToJson`, but with the numbers as they are, 64-bit words excepted. */
export function printed(vocabulary: Vocabulary, event: AnyEvent): unknown {
  const { seq, entry, time, device, cpu, actor, cause, context, source, where, inferred, host, unordered, type, data } = event
  const values = Object.entries(data).map(([name, value]) => [name, typeof value === 'bigint' ? `0x${value.toString(16)}` : value])
  return {
    seq,
    ...(entry === null ? {} : { entry }),
    time,
    type,
    v: vocabulary.get(type).version,
    ...(device === null ? {} : { device }),
    ...(cpu === null ? {} : { cpu }),
    ...(actor === null ? {} : { actor }),
    ...(cause.length === 0 ? {} : { cause }),
    ...(context === undefined ? {} : { context }),
    ...(source === undefined ? {} : { source }),
    ...(where === undefined ? {} : { where }),
    ...(inferred ? { inferred } : {}),
    ...(host === undefined ? {} : { host }),
    ...(unordered ? { unordered } : {}),
    data: Object.fromEntries(values) as unknown,
  }
}
