import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Writes the files of the log that is packed into a page, as its script tags name them. @returns their folder */
export function unpackPage(html: string, folder: string): string {
  const files = [...html.matchAll(/<script type="text\/plain" data-log-file="([^"]+)">([^<]*)<\/script>/g)]
  if (files.length === 0) throw new Error('no file of a log is in this page')
  for (const [, path, base64] of files) {
    const file = join(folder, path!)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, Buffer.from(base64!, 'base64'))
  }
  return folder
}
