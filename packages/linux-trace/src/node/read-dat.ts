import { DatBatches } from '../binary/dat-batches.ts'
import { readDatFile } from '../binary/read-dat-file.ts'
import type { ColumnPool } from '../entries/columns.ts'
import type { EntryBatch } from '../entries/batch.ts'
import { parseProbeDefinitions } from '../probes.ts'
import type { TraceSummary } from '../text/summary.ts'
import { decompress, FileSource } from './file-source.ts'

/** The batches of a trace.dat; `kprobeEvents`: the definitions of its probes, as tracefs prints them. */
export async function* readDat(path: string, summary: TraceSummary, kprobeEvents: string, pool?: ColumnPool): AsyncGenerator<EntryBatch> {
  const source = await FileSource.open(path)
  try {
    const file = await readDatFile(source, decompress)
    yield* new DatBatches(source, decompress, file, summary, parseProbeDefinitions(kprobeEvents), pool).read()
  } finally {
    await source.close()
  }
}
