import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { Sequence } from './sequence.ts'

/** The vector files of a folder: `*.jsonl` and `*.jsonl.gz`, by name. */
export async function vectorFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /\.jsonl(\.gz)?$/.test(name)).toSorted()
  return names.map((name) => join(folder, name))
}

/** The sequences of a file, one at a time. @throws Error naming file and line where one cannot be read. */
export async function* sequencesOf(file: string): AsyncGenerator<Sequence> {
  const bytes = createReadStream(file)
  const text = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes
  bytes.on('error', (error) => text.destroy(error))
  let line = 0
  try {
    for await (const content of createInterface({ input: text, crlfDelay: Infinity })) {
      line += 1
      if (content.trim() !== '') yield sequence(JSON.parse(content))
    }
  } catch (error) {
    throw new Error(`${file}:${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    bytes.destroy()
  }
}

function sequence(value: unknown): Sequence {
  const { subsystem, id, ops } = value as Partial<Sequence>
  if (typeof subsystem !== 'string' || typeof id !== 'string' || !Array.isArray(ops))
    throw new Error('a sequence has a subsystem, an id and ops')
  return value as Sequence
}
