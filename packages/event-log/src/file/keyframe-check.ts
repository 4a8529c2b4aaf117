/** Looks at every byte of a log's keyframes, and removes those that are damaged. */
import type { PartEntry } from '../codec/keyframe.ts'
import { LogDamagedError } from '../errors.ts'
import { damagedKeyframe } from './damage.ts'
import { foldFolder, keyframePath, listFolds, listKeyframes, type FoldFolder, type LogFolder } from './fold-folder.ts'
import { checkKeyframeFile } from './keyframe-reader.ts'

type Tell = (damage: LogDamagedError) => void

/** Checks all keyframes. What is wrong with one is not told again for the later ones that need it. @returns how many there are. */
export async function checkKeyframes(log: LogFolder, tell: Tell): Promise<number> {
  let count = 0
  for (const fold of await listFolds(log.disk, log.folder)) {
    const check = new FoldCheck(foldFolder(log, fold), tell)
    await check.run()
    count += check.count
  }
  return count
}

/** Removes the keyframes that are damaged and those that need their files. @returns the files that were removed. */
export async function removeDamagedKeyframes(log: LogFolder): Promise<string[]> {
  const removed: string[] = []
  for (const fold of await listFolds(log.disk, log.folder)) {
    const folder = foldFolder(log, fold)
    const check = new FoldCheck(folder, () => {})
    await check.run()
    for (const path of check.bad.map((seq) => keyframePath(folder, seq))) {
      await log.disk.remove(path)
      removed.push(path)
    }
  }
  return removed
}

class FoldCheck {
  readonly #fold: FoldFolder
  readonly #tell: Tell
  /** What is in the file of each keyframe, by name; null for one that is damaged or gone, and was told. */
  readonly #files = new Map<number, ReadonlyMap<string, PartEntry> | null>()
  /** Those that are damaged, or need the file of one that is. */
  readonly bad: number[] = []
  count = 0

  constructor(fold: FoldFolder, tell: Tell) {
    this.#fold = fold
    this.#tell = tell
  }

  async run(): Promise<void> {
    for (const seq of await listKeyframes(this.#fold)) {
      this.count++
      const file = await this.#check(seq).catch((error: unknown) => {
        if (!(error instanceof LogDamagedError)) throw error
        this.#tell(error)
        return null
      })
      this.#files.set(seq, file)
      if (file === null) this.bad.push(seq)
    }
  }

  async #check(seq: number): Promise<ReadonlyMap<string, PartEntry> | null> {
    const found = await checkKeyframeFile(this.#fold, seq)
    if (found === null) return new Map()
    const own = new Map<string, PartEntry>()
    let isWhole = true
    for (const entry of found.entries) {
      const { name } = entry
      if (entry.seq === seq) own.set(name, entry)
      else if (!this.#files.has(entry.seq)) {
        this.#files.set(entry.seq, null)
        isWhole = false
        const fault = { expected: `part "${name}" of keyframe ${seq}`, found: 'no such file' }
        this.#tell(damagedKeyframe(keyframePath(this.#fold, entry.seq), 0, fault))
      } else {
        const file = this.#files.get(entry.seq)!
        if (file === null) isWhole = false
        else if (!isSame(file.get(name), entry)) {
          const fault = { expected: `part "${name}" as the keyframe at seq ${entry.seq} has it`, found: 'another' }
          throw damagedKeyframe(keyframePath(this.#fold, seq), found.header.tableOffset, fault)
        }
      }
    }
    return isWhole ? own : null
  }
}

function isSame(a: PartEntry | undefined, b: PartEntry): boolean {
  if (a === undefined) return false
  return a.offset === b.offset && a.storedBytes === b.storedBytes && a.isPacked === b.isPacked && a.bytes === b.bytes && a.crc === b.crc
}
