import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What tells a log from all others, in hex; the log has been opened before, so that its head is whole. */
export async function logId(folder: string): Promise<string> {
  const { id } = JSON.parse(await readFile(join(folder, 'log.json'), 'utf8')) as { readonly id: string }
  return id
}
