/** Pieces of the real recordings, as seeds. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const ROOT = join(import.meta.dirname, '../../../recordings')

/** Folders of recordings that have a text trace, by name. */
export const folders: readonly string[] = ['linux-5.10', 'linux-6.1', 'linux-6.12', 'linux-7.2'].flatMap((kernel) =>
  readdirSync(join(ROOT, kernel))
    .toSorted()
    .map((name) => join(ROOT, kernel, name)),
)

/** A file of a recording, unpacked; null when it has none of that name. */
export function fileOf(folder: string, name: string): Buffer | null {
  const path = join(folder, name)
  if (existsSync(path)) return readFileSync(path)
  return existsSync(`${path}.gz`) ? gunzipSync(readFileSync(`${path}.gz`)) : null
}

export const textOf = (folder: string, name: string): string => fileOf(folder, name)?.toString('latin1') ?? ''

/** The head of a text trace and stretches of lines out of its beginning, middle and end. */
export function stretchesOf(folder: string, lines: number): string[] {
  const all = textOf(folder, 'trace.txt').split('\n')
  const head = all.filter((line, i) => i < 32 && line.startsWith('#'))
  const body = all.slice(head.length)
  return [0, 0.37, 0.71, 1].map((part) => {
    const from = Math.round(part * Math.max(0, body.length - lines))
    return `${[...head, ...body.slice(from, from + lines)].join('\n')}\n`
  })
}
