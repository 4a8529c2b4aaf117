import type { LogFiles } from './read-only-disk.ts'

/** The files of a log by their paths in its folder (`log.json`, `segments/…`), as an archive or a page has them. */
export function filesInMemory(files: ReadonlyMap<string, Uint8Array>): LogFiles {
  return {
    async open(path) {
      const bytes = files.get(path)
      if (bytes === undefined) return null
      return {
        size: async () => bytes.length,
        async read(into, position) {
          const part = bytes.subarray(position, position + into.length)
          into.set(part)
          return part.length
        },
      }
    },
    async list(folder) {
      const names = [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1))
      return names.length === 0 ? null : names
    },
  }
}
