import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { constants, createZstdDecompress, zstdCompress } from 'node:zlib'
import type { LogReader, LogWriter } from '@devtrail/event-log'
import { KeptReader, KeptWriter, type KeptEntry } from '@devtrail/linux-trace'

const NAME = /^kept\.\d{6}\.zst$/
/** The attachments that hold entries without effect, in order. */
export const keptName = (n: number): string => `kept.${String(n).padStart(6, '0')}.zst`
/** Bytes of entries without effect that make an attachment. */
export const KEPT_BYTES = 16 * 1024 * 1024

const compress = promisify(zstdCompress)

/** What is packed comes in pieces of this size, each of which is a turn of the event loop. */
const PIECE_BYTES = 1024 * 1024

/** What an attachment of entries without effect holds: the bytes that an import handed out, packed. */
export const packedKept = (bytes: Uint8Array): Promise<Uint8Array> =>
  compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: PIECE_BYTES })

/** The entries without effect that a log has, in order. */
export async function* keptEntries(reader: LogReader): AsyncGenerator<KeptEntry> {
  const entries = new KeptReader()
  for (const { name } of await reader.attachments()) {
    if (!NAME.test(name)) continue
    const unpacked = Readable.from(reader.attachmentChunks(name)).compose(createZstdDecompress()) as AsyncIterable<Uint8Array>
    for await (const bytes of unpacked) yield* entries.read(bytes)
  }
  entries.end()
}

/** Takes entries without effect into a log again. */
export class KeptIntake {
  readonly #log: LogWriter
  readonly #kept = new KeptWriter()
  #files = 0

  constructor(log: LogWriter) {
    this.#log = log
  }

  async take(entry: KeptEntry): Promise<void> {
    this.#kept.again(entry)
    if (this.#kept.length >= KEPT_BYTES) await this.end()
  }

  /** Writes what came so far. */
  async end(): Promise<void> {
    if (this.#kept.length > 0) await this.#log.attach(keptName(++this.#files), await packedKept(this.#kept.take()))
  }
}
