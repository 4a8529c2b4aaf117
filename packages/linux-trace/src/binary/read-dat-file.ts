/** Reads what a trace.dat consists of, but for the records: trace-cmd's file format, versions 6 and 7. */
import { RecordingError } from '../errors.ts'
import { isDat, MAGIC_BYTES, type DatFile } from './dat-file.ts'
import { DatParts, mustBePageSize } from './dat-parts.ts'
import { readVersion6 } from './dat-version6.ts'
import { readVersion7 } from './dat-version7.ts'
import { Cursor, damaged, type ByteSource, type Decompress } from './source.ts'
import { Symbols } from './symbols.ts'

/** Reads all of a trace.dat but the records. @throws RecordingError with the place. */
export async function readDatFile(source: ByteSource, decompress: Decompress): Promise<DatFile> {
  const reader = new DatParts(source, decompress)
  const head = await source.read(0, Math.min(source.size, 4096))
  if (!isDat(head)) throw new RecordingError('this is no trace.dat: it does not begin with its magic bytes')
  const c = new Cursor(head, true, 0, 'the header')
  c.take(MAGIC_BYTES)
  const version = c.string()
  if (version !== '6' && version !== '7') {
    throw new RecordingError(
      `this trace.dat is of version ${JSON.stringify(version)}; versions 6 and 7 are read: convert it with "trace-cmd convert"`,
    )
  }
  const endian = c.u8()
  const longBytes = c.u8()
  if (endian > 1 || (longBytes !== 4 && longBytes !== 8)) throw damaged(c.at - 2, `byte order ${endian} and longs of ${longBytes} bytes`)
  reader.little = endian === 0
  const rest = new Cursor(head, reader.little, 0, 'the header')
  rest.at = c.at
  const pageBytes = rest.u32()
  mustBePageSize(pageBytes, rest.at - 4)
  if (version === '7') await readVersion7(reader, rest, pageBytes)
  else await readVersion6(reader, source, rest.at, pageBytes)
  const { little, formats, page, kallsyms, strings, comms, uname, clock, cpuCount, stats, buffers, algorithm } = reader
  return {
    version: version === '7' ? 7 : 6,
    isLittleEndian: little,
    longBytes,
    algorithm,
    page,
    formats,
    symbols: new Symbols(kallsyms),
    strings,
    comms,
    uname,
    clock,
    cpuCount,
    stats,
    buffers,
  }
}
