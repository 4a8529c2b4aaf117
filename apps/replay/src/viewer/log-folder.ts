/** The files of a log's folder that the viewer reads, and no others. FORMAT.md of the event log says what there is. */
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PackedFile } from './page.ts'

/** What the paths of a log look like. None of them climbs, and none has a character that means something elsewhere. */
const FILE =
  /^(log\.json|attachments\.json|attachments\/[a-z0-9][a-z0-9._-]{0,127}|segments\/\d{8}\.seg|keyframes\/[a-z0-9][a-z0-9._-]{0,127}\/\d{12,16}\.kf)$/
const FOLDER = /^(segments|attachments|keyframes|keyframes\/[a-z0-9][a-z0-9._-]{0,127})$/

export const isLogFile = (path: string): boolean => FILE.test(path)
export const isLogFolder = (path: string): boolean => FOLDER.test(path)

/** The size of a file of a log; null when it is none, or a link that may lead out of the log. */
export async function sizeOf(folder: string, path: string): Promise<number | null> {
  if (!isLogFile(path)) return null
  const parts = path.split('/')
  for (let n = 1; n <= parts.length; n++) {
    const found = await lstat(join(folder, ...parts.slice(0, n))).catch(() => null)
    if (found === null || (n < parts.length ? !found.isDirectory() : !found.isFile())) return null
    if (n === parts.length) return found.size
  }
  return null
}

/** The names of a log's folder below `folder`; null when there is none. */
export async function namesIn(folder: string, path: string): Promise<string[] | null> {
  if (!isLogFolder(path)) return null
  const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => null)
  return (
    entries?.filter((entry) => isLogFile(`${path}/${entry.name}`) || isLogFolder(`${path}/${entry.name}`)).map(({ name }) => name) ?? null
  )
}

/** Attachments that the viewer has no use for: what the recording has besides its events. */
const isKept = (name: string): boolean => name.startsWith('kept.')

/** What is packed into a page: events, what the import said, and the keyframes of one fold. */
export async function* packedFiles(folder: string, fold: string): AsyncGenerator<PackedFile> {
  const paths = ['log.json', 'attachments.json']
  for (const name of (await namesIn(folder, 'segments')) ?? []) paths.push(`segments/${name}`)
  for (const name of (await namesIn(folder, 'attachments')) ?? []) if (!isKept(name)) paths.push(`attachments/${name}`)
  for (const name of (await namesIn(folder, `keyframes/${fold}`)) ?? []) paths.push(`keyframes/${fold}/${name}`)
  for (const path of paths.toSorted()) {
    if ((await sizeOf(folder, path)) !== null) yield { path, bytes: createReadStream(join(folder, path)) as AsyncIterable<Uint8Array> }
  }
}
