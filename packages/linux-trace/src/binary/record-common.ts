/** What all records of a trace.dat begin with. */
import type { CpuRecords } from './cpu-records.ts'
import type { DatFile } from './dat-file.ts'
import type { FormatField } from './format.ts'

/** The fields that all records have. */
export interface Common {
  readonly type: FormatField
  readonly flags: FormatField
  readonly preempt: FormatField
  readonly pid: FormatField
}

/** Where all records have their event, flags, depth of preemption and process; as every kernel has had them where no format says. */
export function commonOf({ formats }: DatFile): Common {
  const [format] = formats.values()
  const field = (name: string, offset: number, size: number): FormatField =>
    format?.fields.get(name) ?? { name, type: '', offset, size, signed: name === 'common_pid', place: 'here' }
  return {
    type: field('common_type', 0, 2),
    flags: field('common_flags', 2, 1),
    preempt: field('common_preempt_count', 3, 1),
    pid: field('common_pid', 4, 4),
  }
}

/** The number of a record's event; -1 of a record that is too short to have one. */
export function typeOf({ type, pid }: Common, { view, start, length }: CpuRecords, isLittle: boolean): number {
  return pid.offset + pid.size > length ? -1 : view.getUint16(start + type.offset, isLittle)
}
