import { statSync } from 'node:fs'
import { infoblockAt, infoblocksIn, PartMedium, superblockOf, type Infoblock, type Medium } from '@devtrail/nvdimm-pmem/media'
import { FileMedium, writerOf } from '@devtrail/nvdimm-pmem/node'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { isSeekable, packingOf, Unpacked } from './unpack.ts'
import { STDIN } from '../logs/spool.ts'
import { bytesFrom } from './size.ts'

/** A superblock is within so many bytes. */
const HEAD_BYTES = 8192
const PAGE = 4096
/** What the label area at the end of a backing file takes. */
export const LABEL_BYTES = 128 * 1024

export interface RangeOptions {
  readonly offset?: string
  readonly size?: string
}

/** A namespace's bytes, and what they are by their superblock. */
export interface Image extends AsyncDisposable {
  readonly given: string
  readonly medium: Medium
  readonly file: FileMedium
  readonly infoblocks: readonly Infoblock[]
  /** What makes it what it is; null: raw, as far as the first 8 KiB tell. */
  readonly superblock: Infoblock | null
}

export interface OpenOptions {
  readonly writable?: boolean
  /** Whether each fence waits for the disk; default false. */
  readonly durable?: boolean
}

/** Opens an image: a file or block device, one packed with gzip or zstd, or - for stdin. @throws Failure, or an Error of the system. */
export async function openImage(
  given: string,
  session: Session,
  { offset, size }: RangeOptions,
  { writable = false, durable = false }: OpenOptions = {},
): Promise<Image> {
  if (given !== '-') assertHasAnEnd(given)
  const isPlain = given !== '-' && isSeekable(given) && packingOf(given) === null
  if (writable && !isPlain) throw new Failure(exit.usage, `${given} is packed or a pipe and cannot be written; unpack it first`)
  const unpacked = isPlain ? null : await Unpacked.of(given, session.interrupt.signal)
  let file: FileMedium | null = null
  try {
    file = new FileMedium(unpacked?.path ?? given, { writable, durable })
    const medium = part(file, given, offset, size)
    const infoblocks = infoblocksIn(medium)
    const opened = file
    const writer = isPlain && !writable ? writerOf(given) : null
    if (writer !== null) session.note(`process ${writer.pid} writes to ${given} at this moment: what is read may be half old and half new`)
    return {
      given,
      medium,
      file: opened,
      infoblocks,
      superblock: superblockOf(infoblocks),
      [Symbol.asyncDispose]: async () => {
        opened[Symbol.dispose]()
        unpacked?.[Symbol.dispose]()
      },
    }
  } catch (error) {
    file?.[Symbol.dispose]()
    unpacked?.[Symbol.dispose]()
    throw error
  }
}

function assertHasAnEnd(given: string): void {
  const stat = statSync(given)
  if (stat.isDirectory()) throw new Failure(exit.usage, `${given} is a folder; name the file or device with the namespace's bytes`)
  if (stat.isCharacterDevice() && !STDIN.has(given))
    throw new Failure(
      exit.usage,
      `${given} is a character device, which need not have an end; read as much as is wanted: head -c 65536 ${given} | devtrail pmem info -`,
    )
}

function part(file: FileMedium, given: string, offset: string | undefined, size: string | undefined): Medium {
  const start = offset === undefined ? 0 : bytesFrom(offset, '--offset')
  if (start > file.size) throw new Failure(exit.damaged, `${given} has ${file.size} bytes; there is no byte ${start}`)
  const bytes = size === undefined ? file.size - start : bytesFrom(size, '--size')
  if (start + bytes > file.size)
    throw new Failure(exit.damaged, `${given} has ${file.size} bytes; ${bytes} from byte ${start} on are beyond its end`)
  if (bytes < HEAD_BYTES)
    throw new Failure(exit.damaged, `${given} has ${bytes} bytes; what a namespace is stands within its first ${HEAD_BYTES}`)
  return start === 0 && bytes === file.size ? file : new PartMedium(file, start, bytes)
}

/**
 * A whole second info block of a BTT whose first one is not where it has to be: null when there is none, as far as can be told without
 * knowing how large the namespace is.
 */
export function orphanOf({ medium }: Image): Infoblock | null {
  for (const end of [medium.size, medium.size - LABEL_BYTES]) {
    const found = infoblockAt(medium, Math.floor(end / PAGE) * PAGE - PAGE)
    if (found?.kind === 'btt' && found.problem === null) return found
  }
  return null
}

/** The superblock of an image that has to have a good one. @throws Failure exit 3 that says what is wrong with it. */
export function goodSuperblock(image: Image): Infoblock {
  const { superblock, given } = image
  if (superblock === null) {
    const orphan = orphanOf(image)
    throw new Failure(
      exit.damaged,
      orphan === null
        ? `${given} has no superblock in its first ${HEAD_BYTES} bytes: a raw namespace, or not one's beginning`
        : `${given} has no superblock in its first ${HEAD_BYTES} bytes, but a BTT's second one at byte ${orphan.at}: the first was overwritten`,
    )
  }
  if (superblock.problem !== null)
    throw new Failure(exit.damaged, `${given}: ${superblockName(superblock)} is damaged: ${superblock.problem}`)
  return superblock
}

export const superblockName = ({ kind, at }: Infoblock): string =>
  `the ${{ btt: 'BTT', pfn: 'fsdax (pfn)', dax: 'devdax' }[kind]} superblock at byte ${at}`
