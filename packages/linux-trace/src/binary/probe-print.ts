/** How tracefs prints the fields of a probe: read off the `print fmt` of its format. */
import type { EventFormat, FormatField } from './format.ts'

export interface ProbeField {
  readonly name: string
  readonly field: FormatField
  readonly how: 'hex' | 'decimal' | 'string'
}

export interface ProbePrint {
  /** Where the probe stands; of a return probe the function, and where it returned to. */
  readonly ip: FormatField
  readonly returnedTo: FormatField | null
  readonly fields: readonly ProbeField[]
}

const HOW: Readonly<Record<string, ProbeField['how']>> = { x: 'hex', d: 'decimal', u: 'decimal', s: 'string' }

/** Null when the event is no kprobe's, or prints what is not understood here (arrays, symbols). */
export function probePrint({ fields, print }: EventFormat): ProbePrint | null {
  const func = fields.get('__probe_func')
  const returnedTo = fields.get('__probe_ret_ip') ?? null
  const ip = fields.get('__probe_ip') ?? func
  if (ip === undefined || (func === undefined) !== (returnedTo === null)) return null
  const m = /^"\(%lx(?: <- %lx)?\)((?:[^"\\]|\\.)*)"/.exec(print)
  if (m === null) return null
  const printed: ProbeField[] = []
  const rest = m[1]!.replace(
    / ([A-Za-z_]\w*)=(?:(?:0x)?%[lLh]*([xdus])|\\"%(s)\\")/g,
    (_, name: string, number?: string, text?: string) => {
      const field = fields.get(name)
      if (field !== undefined) printed.push({ name, field, how: HOW[number ?? text!]! })
      return field === undefined ? '?' : ''
    },
  )
  return rest === '' ? { ip, returnedTo, fields: printed } : null
}
