import { dataToJson, errnoName, hostOf, idWithin, type AnyEvent, type Field, type Json } from '@devtrail/events'
import { follNames, memoryTypeName } from '@devtrail/memremap'
import type { Names } from './survey.ts'
import { vocabulary } from './models.ts'
import { bytes } from './units.ts'

/** Plain numbers that kernel headers give names to. */
function byField(type: string, name: string, value: unknown): string | null {
  if (typeof value !== 'number') return null
  if (name === 'flags' && /^memremap\/(grab-started|sampled)$/.test(type)) return follNames(value)
  if (name === 'type' && type.startsWith('memremap/')) return memoryTypeName(value)
  return null
}

/** What a field's value is called by people; null when it has no other name. */
export function wordFor(names: Names, type: string, name: string, field: Field, value: unknown): string | null {
  if (value === null || value === undefined) return null
  switch (field.kind) {
    case 'managed':
      return hostOf(value as number) === 0 ? null : `#${idWithin(value as number)}`
    case 'host':
      return names.host(value as number)
    case 'device':
      return names.device(value as number)
    case 'pagemap':
      return names.pagemap(value as number)
    case 'region':
      return names.region(value as number)
    case 'errno':
      return value === 0 ? null : errnoName(value as number)
    default:
      return byField(type, name, value)
  }
}

/** The decoded forms of an event's fields, for those that have one: `{ flags: 'FOLL_GET', device: 'pfn0.0' }`. */
export function decodedData(names: Names, event: AnyEvent): { [field: string]: string } {
  const out: { [field: string]: string } = {}
  for (const [name, field] of Object.entries(vocabulary.get(event.type).fields)) {
    const text = wordFor(names, event.type, name, field, event.data[name])
    if (text !== null) out[name] = text
  }
  return out
}

function shown(field: Field, value: Json, decoded: string | undefined): string {
  if (decoded !== undefined) return decoded
  if (field.kind === 'bytes' && typeof value === 'number') return bytes(value)
  if (field.kind === 'text') return JSON.stringify(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What happened, as `field=value` words; what is not known and the device of the line itself are left out. */
export function dataInWords(names: Names, event: AnyEvent, device: number | null, digits: 6 | 9): string {
  const decoded = decodedData(names, event)
  const raw = dataToJson(vocabulary, event.type, event.data, digits)
  return Object.entries(vocabulary.get(event.type).fields)
    .filter(([name, field]) => raw[name] !== null && !(field.kind === 'device' && event.data[name] === device))
    .map(([name, field]) => `${name}=${shown(field, raw[name]!, decoded[name])}`)
    .join(' ')
}
