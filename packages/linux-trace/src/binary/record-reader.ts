/** What the fields of one event's records hold. */
import type { EventFormat, FormatField } from './format.ts'

const decoder = new TextDecoder()

/** A record in a buffer that more is in. */
export interface RawRecord {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly start: number
  readonly length: number
}

/** Reads fields in the byte order of a file. A field that does not fit into the record is null. */
export class RecordReader {
  readonly little: boolean

  constructor(little: boolean) {
    this.little = little
  }

  /** A field of up to eight bytes as a word of 64 bits, sign-extended where it is signed. */
  word({ view, start, length }: RawRecord, { offset, size, signed }: FormatField): bigint | null {
    if (offset + size > length) return null
    const at = start + offset
    const { little } = this
    switch (size) {
      case 1:
        return BigInt(signed ? view.getInt8(at) : view.getUint8(at))
      case 2:
        return BigInt(signed ? view.getInt16(at, little) : view.getUint16(at, little))
      case 4:
        return BigInt(signed ? view.getInt32(at, little) : view.getUint32(at, little))
      case 8:
        return signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little)
      default:
        return null
    }
  }

  /** A string, wherever the field says that it lies. */
  text(record: RawRecord, field: FormatField): string | null {
    const { bytes, view, start, length } = record
    let at = field.offset
    let size = field.size
    if (field.place !== 'here') {
      if (at + 4 > length) return null
      const where = view.getUint32(start + at, this.little)
      size = where >>> 16
      at = (where & 0xffff) + (field.place === 'rel_loc' ? at + 4 : 0)
    }
    if (at > length) return null
    const part = bytes.subarray(start + at, start + Math.min(at + size, length))
    const end = part.indexOf(0)
    return decoder.decode(end < 0 ? part : part.subarray(0, end))
  }

  field(record: RawRecord, format: EventFormat, name: string): bigint | null {
    const field = format.fields.get(name)
    return field === undefined ? null : this.word(record, field)
  }

  string(record: RawRecord, format: EventFormat, name: string): string | null {
    const field = format.fields.get(name)
    return field === undefined ? null : this.text(record, field)
  }
}
