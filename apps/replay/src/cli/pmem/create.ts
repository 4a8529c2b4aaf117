import { randomUUID } from 'node:crypto'
import { closeSync, createReadStream, ftruncateSync, openSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { errno, errnoName } from '@devtrail/events'
import { Option } from 'commander'
import { Btt, BttError, type BttVersion } from '@devtrail/nvdimm-pmem/btt'
import {
  dropSuperblocks,
  encodePfn,
  isUuid,
  NULL_UUID,
  PartMedium,
  pfnLayout,
  pfnMode,
  put,
  SUPPORTED_ALIGNMENTS,
  type Medium,
  type PfnSuperblock,
} from '@devtrail/nvdimm-pmem/media'
import { FileMedium } from '@devtrail/nvdimm-pmem/node'
import { TemporaryFolder } from '../../logs/temporary.ts'
import { refusedNote } from '../../pmem/served.ts'
import { bytesFrom } from '../../pmem/size.ts'
import { bytes } from '@devtrail/survey'
import { examples, type Cli } from '../command.ts'
import { exit, Failure } from '../../session/failure.ts'

interface Options {
  readonly mode: 'sector' | 'fsdax' | 'devdax'
  readonly size?: string
  readonly sectorSize: string
  readonly map: 'dev' | 'mem'
  readonly align: string
  readonly start: string
  readonly uuid?: string
  readonly parentUuid?: string
  readonly superblockVersion?: string
  readonly force?: boolean
}

const SUPERBLOCK_AT = 4096
const NAMESPACE_BYTES_MIN = 16 << 20
const pfnVersions = ['1.0', '1.1', '1.2', '1.3', '1.4'] as const
const bttVersions = ['1.1', '2.0'] as const

function uuidFrom(text: string, option: string): string {
  if (isUuid(text)) return text.toLowerCase()
  throw new Failure(exit.usage, `${option} ${text}: a uuid was expected, such as 00112233-4455-6677-8899-aabbccddeeff`)
}

function versionFrom<T extends string>(given: string | undefined, known: readonly T[], usual: T): T {
  const found = given === undefined ? usual : known.find((version) => version === given)
  if (found === undefined) throw new Failure(exit.usage, `--superblock-version ${given}: this kind has ${known.join(', ')}`)
  return found
}

interface Uuids {
  readonly uuid: string
  readonly parentUuid: string
}

function makeBtt(medium: Medium, options: Options, uuids: Uuids): string {
  const version: BttVersion = versionFrom(options.superblockVersion, bttVersions, '1.1')
  try {
    const btt = Btt.create(medium, { ...uuids, version, sectorSize: bytesFrom(options.sectorSize, '--sector-size') })
    return `sector mode, ${btt.sectorCount} sectors of ${btt.sectorSize} bytes`
  } catch (error) {
    if (error instanceof BttError) throw new Failure(exit.usage, error.message, { cause: error })
    throw error
  }
}

/** Which of size, address and alignment stands in the way, and what would do. */
function whyNot(failed: number, size: number, start: number, align: number): string {
  const what = {
    [errno.EINVAL]: `--start ${start} is no multiple of 2M (2097152)`,
    [errno.ENODEV]: `version 1.0 needs 128M at an address that is a multiple of 128M, and there are ${size} bytes at ${start}`,
    [errno.ENXIO]: `with --align ${bytes(align)} nothing is left of ${bytes(size)}; take a larger --size or a smaller --align`,
  }[failed]
  return `${what ?? `${size} bytes at address ${start} cannot be laid out with an alignment of ${align}`} (${errnoName(failed)})`
}

function alignFrom(text: string): number {
  const align = bytesFrom(text, '--align')
  if (SUPPORTED_ALIGNMENTS.some((one) => one === align)) return align
  throw new Failure(exit.usage, `--align ${text}: 4K, 2M or 1G; the kernel maps, and takes superblocks of, no other`)
}

/** What was made, and what is to be known about it. */
interface Says {
  readonly says: string
  readonly note: string | null
}

/** Fields that a version has not are zeros in it. */
function makePfn(medium: Medium, options: Options, uuids: Uuids): Says {
  const minor = Number(versionFrom(options.superblockVersion, pfnVersions, '1.4').slice(2))
  const mode = options.map === 'dev' ? pfnMode.PMEM : pfnMode.RAM
  const align = alignFrom(options.align)
  const start = bytesFrom(options.start, '--start')
  const layout = pfnLayout({ start, size: medium.size, mode, align }, minor === 0 ? 'seed' : 'linux-6.1')
  if (typeof layout === 'number') throw new Failure(exit.usage, whyNot(layout, medium.size, start, align))
  const { dataoff, npfns } = layout
  const superblock: PfnSuperblock = {
    kind: options.mode === 'fsdax' ? 'pfn' : 'dax',
    ...uuids,
    flags: 0,
    versionMajor: 1,
    versionMinor: minor,
    dataoff,
    npfns,
    mode,
    startPad: minor < 1 ? 0 : layout.startPad,
    endTrunc: minor < 1 ? 0 : layout.endTrunc,
    align: minor < 2 ? 0 : align,
    pageSize: minor < 4 ? 0 : 4096,
    pageStructSize: minor < 4 ? 0 : 64,
  }
  dropSuperblocks(medium)
  const block = encodePfn(superblock)
  put(medium, SUPERBLOCK_AT, block)
  return { says: `${options.mode}, ${npfns * 4096} bytes behind byte ${dataoff}`, note: refusedNote(block, start, medium.size) }
}

/** Opens what is to be written, made anew where nothing is; says whether it was. */
function openTarget(path: string, size: number | null, force: boolean): { file: FileMedium; isNew: boolean } {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there?.isDirectory() === true) throw new Failure(exit.usage, `${path} is a folder; name a file`)
  const isEmpty = there === undefined || (there.isFile() && there.size === 0)
  if (!isEmpty && !force) throw new Failure(exit.usage, `${path} is there and not empty; --force makes the namespace over what it holds`)
  if (there !== undefined && !there.isFile() && !there.isBlockDevice())
    throw new Failure(exit.usage, `${path} is neither a file nor a block device`)
  if (!isEmpty) return { file: new FileMedium(path, { writable: true }), isNew: false }
  if (size === null) throw new Failure(exit.usage, `how large? --size BYTES, such as --size 48M`)
  const fd = openSync(path, there === undefined ? 'wx' : 'r+')
  try {
    ftruncateSync(fd, size)
  } finally {
    closeSync(fd)
  }
  return { file: new FileMedium(path, { writable: true }), isNew: there === undefined }
}

function make(path: string, options: Options): Says & { size: number } {
  const size = options.size === undefined ? null : bytesFrom(options.size, '--size')
  if (size !== null && size < NAMESPACE_BYTES_MIN) throw new Failure(exit.usage, `--size ${options.size}: a namespace has 16 MiB at least`)
  const uuids = {
    uuid: options.uuid === undefined ? randomUUID() : uuidFrom(options.uuid, '--uuid'),
    parentUuid: options.parentUuid === undefined ? NULL_UUID : uuidFrom(options.parentUuid, '--parent-uuid'),
  }
  const { file, isNew } = openTarget(path, size, options.force === true)
  using opened = file
  try {
    if (size !== null && size > opened.size)
      throw new Failure(exit.usage, `${path} has ${opened.size} bytes, fewer than --size ${options.size}`)
    const medium = size === null || size === opened.size ? opened : new PartMedium(opened, 0, size)
    const { says, note } =
      options.mode === 'sector' ? { says: makeBtt(medium, options, uuids), note: null } : makePfn(medium, options, uuids)
    opened.sync()
    return { says: `${says}, uuid ${uuids.uuid}`, note, size: medium.size }
  } catch (error) {
    if (isNew) rmSync(path, { force: true })
    throw error
  }
}

async function makeToStdout(options: Options): Promise<ReturnType<typeof make>> {
  using folder = await TemporaryFolder.make('image')
  const path = join(folder.path, 'image')
  const made = await folder.writing(() => make(path, options))
  await pipeline(createReadStream(path), process.stdout, { end: false })
  return made
}

export function pmemCreateCommand({ program, run }: Cli): void {
  program
    .command('create')
    .summary('make a namespace: BTT, fsdax or devdax')
    .description(
      'Makes a namespace in a file or on a block device, with the superblocks that Linux makes. What is there already is kept unless --force is given; a larger file keeps what is beyond --size. - writes the image to stdout.',
    )
    .argument('<IMAGE>', 'the file or block device to be made or written, or - for stdout')
    .addOption(new Option('--mode <MODE>', 'what it is to be').choices(['sector', 'fsdax', 'devdax']).default('sector'))
    .option('--size <BYTES>', 'bytes of the namespace: 50331648, 0x3000000, 48M (default: those of what is there)')
    .option('--sector-size <BYTES>', 'sector mode: 512, 520, 528, 4096, 4104, 4160 or 4224', '4096')
    .addOption(new Option('--map <WHERE>', 'fsdax, devdax: struct pages in the namespace or in RAM').choices(['dev', 'mem']).default('dev'))
    .option('--align <BYTES>', 'fsdax, devdax: alignment of mappings: 4K, 2M or 1G', '2M')
    .option('--start <ADDRESS>', 'fsdax, devdax: physical address that it will be at', '0')
    .option('--uuid <UUID>', 'its uuid (default: a random one)')
    .option('--parent-uuid <UUID>', "the namespace's uuid, as its label has it (default: none)")
    .option('--superblock-version <V>', 'sector mode: 1.1 (default) or 2.0; fsdax, devdax: 1.0 to 1.4 (default)')
    .option('--force', 'over what is there')
    .addHelpText(
      'after',
      examples(
        ['devtrail pmem create disk.img --size 48M', 'a device of atomic 4 KiB sectors'],
        ['devtrail pmem create dax.img --mode fsdax --size 1G', ''],
        ['devtrail pmem create - --size 32M --sector-size 512 | gzip > disk.img.gz', ''],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        if (given === '-' && session.json) throw new Failure(exit.usage, 'the image goes to stdout: --json would be mixed into it')
        const { says, note, size } = given === '-' ? await makeToStdout(options) : make(given, options)
        if (session.json) await session.printJson({ schemaVersion: 1, file: given, mode: options.mode, size, says })
        else session.note(`${given === '-' ? 'made' : `${given} made`}: ${bytes(size)}, ${says}`)
        if (note !== null) session.note(note)
        return exit.fine
      }),
    )
}
