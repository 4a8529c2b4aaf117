import { once } from 'node:events'
import { blockDeviceOf } from '../../pmem/block-device.ts'
import { openImage, type RangeOptions } from '../../pmem/image.ts'
import { countFrom } from '../../pmem/size.ts'
import { plural } from '@devtrail/survey'
import { examples, type Cli } from '../command.ts'
import { exit, Failure } from '../../session/failure.ts'
import { IMAGE, withRange } from './options.ts'

interface Options extends RangeOptions {
  readonly from?: string
  readonly count?: string
}

/** So much is read and written at once. */
const PIECE_BYTES = 1 << 20

export function pmemCatCommand({ program, run }: Cli): void {
  withRange(program.command('cat'))
    .summary("the block device's bytes, to stdout")
    .description(
      'Writes the bytes of the block device to stdout, as cat /dev/pmem0s would: of a BTT what each sector holds after recovery, which is not written to the image. Exits 3 at a sector that cannot be read.',
    )
    .argument('<IMAGE>', IMAGE)
    .option('--from <SECTOR>', 'first sector (default 0)')
    .option('--count <N>', 'so many sectors (default: to the end)')
    .addHelpText(
      'after',
      examples(
        ['devtrail pmem cat btt.img | md5sum', 'what the kernel would read'],
        ['devtrail pmem cat btt.img --from 8 --count 1 | xxd', 'one sector'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        if (session.json) throw new Failure(exit.usage, 'cat writes bytes, not JSON; devtrail pmem info --json says what the image is')
        await using image = await openImage(given, session, options)
        const device = blockDeviceOf(image, false)
        const { sectorSize, size, recovered, mode } = device
        const sectors = Math.floor(size / sectorSize)
        const from = options.from === undefined ? 0 : countFrom(options.from, '--from')
        const count = options.count === undefined ? Math.max(0, sectors - from) : countFrom(options.count, '--count')
        if (from + count > sectors || (from > 0 && from >= sectors))
          throw new Failure(
            exit.notThere,
            `${given} has ${plural(sectors, 'sector')} of ${sectorSize} bytes; the last one is ${sectors - 1}`,
          )
        if (recovered > 0)
          session.note(
            `${plural(recovered, 'committed write that a power failure cut off is', 'committed writes that a power failure cut off are')} shown as completed; the image is left as it is`,
          )
        if (mode === 'devdax') session.note('a devdax namespace has no block device: these are the bytes of its character device')
        const perPiece = PIECE_BYTES / sectorSize
        for (let n = from; n < from + count; n += perPiece) {
          session.interrupt.signal.throwIfAborted()
          const piece = new Uint8Array(Math.min(perPiece, from + count - n) * sectorSize)
          device.read(n, piece)
          if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
        }
        return exit.fine
      }),
    )
}
