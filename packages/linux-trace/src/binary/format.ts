/** How records of one event are laid out: tracefs' `events/SYSTEM/EVENT/format`, as a trace.dat carries it. */

export interface FormatField {
  readonly name: string
  readonly type: string
  readonly offset: number
  readonly size: number
  readonly signed: boolean
  /** Where the data lies: in the record itself, or where this field says, counted from the record's start or from its own end. */
  readonly place: 'here' | 'data_loc' | 'rel_loc'
}

export interface EventFormat {
  readonly id: number
  readonly name: string
  readonly system: string
  readonly fields: ReadonlyMap<string, FormatField>
  /** What follows `print fmt:`. */
  readonly print: string
  readonly text: string
}

const FIELD = /^\s*field:(.*?);\s*offset:(\d+);\s*size:(\d+);(?:\s*signed:([01]);)?/
/** Records are shorter than the largest page of a ring buffer. */
const RECORD_BYTES_MAX = 1 << 20

/** Reads the fields of a format, or of `events/header_page`. */
export function formatFields(text: string): FormatField[] {
  const fields: FormatField[] = []
  for (const line of text.split('\n')) {
    const m = FIELD.exec(line)
    if (m === null) continue
    const declaration = m[1]!.replace(/\[[^\]]*\]\s*$/, '').trim()
    const name = /(\w+)$/.exec(declaration)?.[1]
    const offset = Number(m[2])
    const size = Number(m[3])
    if (name === undefined || offset + size > RECORD_BYTES_MAX) continue
    const type = declaration.slice(0, -name.length).trim()
    const place = type.startsWith('__data_loc') ? 'data_loc' : type.startsWith('__rel_loc') ? 'rel_loc' : 'here'
    fields.push({ name, type, offset, size, signed: m[4] === '1', place })
  }
  return fields
}

/** Null when it is no format. */
export function parseFormat(text: string, system: string): EventFormat | null {
  const name = /^name: (\S+)/m.exec(text)?.[1]
  const id = /^ID: (\d{1,6})$/m.exec(text)?.[1]
  if (name === undefined || id === undefined) return null
  const print = text.indexOf('\nprint fmt:')
  const fields = formatFields(print < 0 ? text : text.slice(0, print))
  return {
    id: Number(id),
    name,
    system,
    fields: new Map(fields.map((field) => [field.name, field])),
    print: print < 0 ? '' : text.slice(print + '\nprint fmt:'.length).trim(),
    text,
  }
}
