import { DatBatches } from '../binary/dat-batches.ts'
import { readDatFile } from '../binary/read-dat-file.ts'
import type { ColumnPool } from '../entries/columns.ts'
import type { EntryBatch } from '../entries/batch.ts'
import type { ProbeDefinition } from '../probes.ts'
import type { TraceSummary } from '../text/summary.ts'
import { decompress, FileSource } from './file-source.ts'

/** The batches of a trace.dat. */
export async function* readDat(
  path: string,
  summary: TraceSummary,
  definitions: ReadonlyMap<string, ProbeDefinition>,
  pool?: ColumnPool,
): AsyncGenerator<EntryBatch> {
  const source = await FileSource.open(path)
  try {
    const file = await readDatFile(source, decompress)
    yield* new DatBatches(source, decompress, file, summary, definitions, pool).read()
  } finally {
    await source.close()
  }
}
