import { DatBatches } from '../src/binary/dat-batches.ts'
import { readDatFile } from '../src/binary/read-dat-file.ts'
import type { ByteSource, Decompress } from '../src/binary/source.ts'
import { decompress } from '../src/node/file-source.ts'
import { parseProbeDefinitions } from '../src/probes.ts'
import type { TraceReader } from '../src/recording.ts'

/** Reads a trace.dat that is in memory. */
export const datReader = (source: ByteSource, unpack: Decompress = decompress): TraceReader =>
  async function* read(summary, kprobeEvents) {
    const file = await readDatFile(source, unpack)
    yield* new DatBatches(source, unpack, file, summary, parseProbeDefinitions(kprobeEvents)).read()
  }
