import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import type { Sequence } from './sequence.ts'

/** The vector files of a folder: `*.jsonl` and `*.jsonl.gz`, by name; a folder of such a name is none. */
export async function vectorFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => !entry.isDirectory() && /\.jsonl(\.gz)?$/.test(entry.name)).map(({ name }) => name)
  return names.toSorted().map((name) => join(folder, name))
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
      const text = line === 1 ? content.replace(/^\uFEFF/, '') : content
      if (text.trim() !== '') yield sequence(JSON.parse(text))
    }
  } catch (error) {
    throw new Error(`${file}:${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    bytes.destroy()
  }
}

function sequence(value: unknown): Sequence {
  if (!isObject(value)) throw new Error('a sequence is an object')
  const { subsystem, id, ops } = value
  if (typeof subsystem !== 'string' || typeof id !== 'string' || !Array.isArray(ops))
    throw new Error('a sequence has a subsystem, an id and ops')
  if (ops.length === 0) throw new Error(`${id} has no operations: nothing would be compared`)
  const wrong = ops.findIndex((one) => !isObject(one) || typeof one['op'] !== 'string' || !isObject(one['args']))
  if (wrong >= 0) throw new Error(`${id}, operation ${wrong}: an operation has an op and args`)
  return value as unknown as Sequence
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
