/**
 * The events of a log in strands, one for each device, for being laid beside those of another log. Two events are candidates for being
 * the same when they are of one type, about one page or range, and (where both logs were made in one way) came of the same kind of cause.
 */
import type { AnyEvent, EventDeclaration } from '@devtrail/events'
import { LogBlocks, type EventSource } from '@devtrail/time-travel'
import { vocabulary } from './models.ts'
import type { Names } from './names.ts'

/** The events of one device; of none in particular under the empty name. */
export interface Strand {
  readonly seqs: number[]
  /** What two events have to have in common to be laid beside one another. */
  readonly keys: number[]
  /** What they have to have in common to be the same. */
  readonly told: number[]
}

/** Two hashes of 26 bits, one number: equal for equal texts, and for others about never (FNV-1a, twice). */
function numberOf(text: string): number {
  let [high, low] = [0x811c9dc5, 0x01000193]
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    high = Math.imul(high ^ c, 0x01000193)
    low = Math.imul(low ^ c, 0x85ebca6b)
  }
  return (high >>> 6) * 0x4000000 + (low >>> 6)
}

/** Fields that say where something is. */
const isPlace = (name: string, { kind }: EventDeclaration['fields'][string]): boolean =>
  kind === 'pfn' || (kind === 'u64' && name === 'start')

/** What a field says that means the same in another log; undefined: it is an identity of this one. */
export function saidOf(event: AnyEvent, name: string, names: Names): unknown {
  const value = event.data[name]
  if (value === null || value === undefined) return null
  switch (vocabulary.get(event.type).fields[name]!.kind) {
    case 'pointer':
      return undefined
    case 'device':
      return names.device(value as number)
    case 'pagemap':
      // Its pointer, while nothing else is known.
      return /^0x[0-9a-f]{1,13}$/.test(names.pagemap(value as number)) ? names.pagemap(value as number) : undefined
    case 'region':
      return names.region(value as number)
    default:
      return typeof value === 'bigint' ? value.toString() : value
  }
}

/** Fields whose numbers are those of one log alone. */
const isNumbering = (name: string): boolean => name === 'managed'

/** The fields of an event that mean the same in another log. */
export function told(event: AnyEvent, names: Names): [field: string, value: unknown][] {
  return Object.keys(vocabulary.get(event.type).fields).flatMap((name): [string, unknown][] => {
    const said = isNumbering(name) ? undefined : saidOf(event, name, names)
    return said === undefined ? [] : [[name, said]]
  })
}

/** @param withCauses whether what led to an event counts. */
export async function strandsOf(
  source: EventSource,
  names: Names,
  isCompared: (type: string) => boolean,
  withCauses: boolean,
): Promise<Map<string, Strand>> {
  const strands = new Map<string, Strand>()
  const types: number[] = []
  for await (const block of new LogBlocks(source).blocks()) {
    for (let place = 0; place < block.count; place++) {
      const event = block.view(place)
      const { seq, type } = event
      if (seq === 0) continue
      types[seq] = numberOf(type)
      if (!isCompared(type)) continue
      const { fields } = vocabulary.get(type)
      const places = Object.entries(fields).flatMap(([name, field]) => (isPlace(name, field) ? [saidOf(event, name, names)] : []))
      const cause = withCauses ? types[event.cause[0] ?? 0] : undefined
      const device = names.of(event)
      const key = device === null ? '' : names.device(device)
      let strand = strands.get(key)
      if (strand === undefined) strands.set(key, (strand = { seqs: [], keys: [], told: [] }))
      strand.seqs.push(seq)
      strand.keys.push(numberOf(`${type}|${places.join('|')}|${cause ?? ''}`))
      strand.told.push(numberOf(JSON.stringify([type, told(event, names)])))
    }
  }
  return strands
}
