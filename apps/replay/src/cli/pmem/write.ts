import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { blockDeviceOf, type BlockDevice } from '../../pmem/block-device.ts'
import { openImage, type RangeOptions } from '../../pmem/image.ts'
import { bytesFrom } from '../../pmem/size.ts'
import { plural } from '@devtrail/survey'
import { examples, type Cli } from '../command.ts'
import { exit, Failure } from '../../session/failure.ts'
import { withRange } from './options.ts'

interface Options extends RangeOptions {
  readonly at: string
  readonly input: string
}

/** Writes bytes anywhere on a device: whole sectors, the rest of those at either end as they were. */
class SectorWriter {
  /** Byte of the device that comes next. */
  at: number
  readonly #device: BlockDevice
  readonly #sector: Uint8Array

  constructor(device: BlockDevice, at: number) {
    this.#device = device
    this.at = at
    this.#sector = new Uint8Array(device.sectorSize)
  }

  /** Writes as much as there is room for; returns how much that was. */
  write(bytes: Uint8Array): number {
    const { sectorSize, size } = this.#device
    const end = Math.min(bytes.length, size - this.at)
    for (let done = 0; done < end;) {
      const sector = Math.floor(this.at / sectorSize)
      const from = this.at % sectorSize
      const length = Math.min(sectorSize - from, end - done)
      const piece = bytes.subarray(done, done + length)
      if (length === sectorSize) this.#device.write(sector, piece)
      else {
        this.#device.read(sector, this.#sector)
        this.#sector.set(piece, from)
        this.#device.write(sector, this.#sector)
      }
      done += length
      this.at += length
    }
    return end
  }
}

function sourceOf(input: string): Readable {
  if (input === '-') return process.stdin
  if (statSync(input).isDirectory()) throw new Failure(exit.usage, `--input ${input} is a folder; name the file with what is to be written`)
  return createReadStream(input)
}

export function pmemWriteCommand({ program, run }: Cli): void {
  withRange(program.command('write'))
    .summary('write to the block device of an image')
    .description(
      "Writes what comes from stdin to the block device of an image: through a BTT's map and log, so that each sector is whole whenever it is cut off. What a power failure left is recovered first.",
    )
    .argument('<IMAGE>', 'a file or block device with the bytes of a namespace')
    .option('--at <BYTES>', 'byte of the block device to begin at', '0')
    .option('--input <FILE>', 'what to write; - for stdin', '-')
    .addHelpText(
      'after',
      examples(
        ['devtrail pmem write disk.img < data', ''],
        ['echo hello | devtrail pmem write disk.img --at 4096', 'the rest of the sector stays'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        if (given === '-') throw new Failure(exit.usage, 'the image has to be a file or a block device: what is written comes from stdin')
        const source = sourceOf(options.input)
        await using image = await openImage(given, session, options, { writable: true })
        const device = blockDeviceOf(image, true)
        const at = bytesFrom(options.at, '--at')
        if (at > device.size) throw new Failure(exit.notThere, `${given} has ${device.size} bytes; there is no byte ${at}`)
        const writer = new SectorWriter(device, at)
        let isFull = false
        for await (const chunk of source as AsyncIterable<Uint8Array>) {
          session.interrupt.signal.throwIfAborted()
          isFull = writer.write(chunk) < chunk.length
          if (isFull) break
        }
        image.file.sync()
        const written = writer.at - at
        if (isFull)
          throw new Failure(
            exit.no,
            `${given} is full: ${plural(written, 'byte was', 'bytes were')} written, up to its end at byte ${device.size}`,
          )
        if (session.json) await session.printJson({ schemaVersion: 1, file: given, at, bytes: written, recovered: device.recovered })
        else session.note(`${plural(written, 'byte')} written to ${given} at byte ${at}`)
        return exit.fine
      }),
    )
}
