/** Events of every kind of field, of two versions of a type, with values at the edges. */
import type { Random } from '@devtrail/fuzz'
import { Vocabulary, declareEvents, f, type AnyEvent, type Field } from '@devtrail/events'
import { sampleCatalogue } from '../src/samples.ts'

const fields = {
  device: f.device('x'),
  pagemap: f.pagemap('x'),
  pointer: f.pointer('x'),
  string: f.string('x'),
  text: f.text('x'),
  word: f.u64('x'),
  count: f.count('x'),
  errno: f.errno('x'),
  sure: f.bool('x'),
  time: f.time('x'),
  mode: f.oneOf(['a', 'b', 'c'], 'x'),
}
const optional = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, f.opt(field)]))
const changed = { n: f.count('x'), said: f.text('x'), mode: f.oneOf(['a', 'b'], 'x') }

const every = declareEvents('every', {
  kind: { version: 1, doc: 'x', fields },
  'kind-or-null': { version: 3, doc: 'x', fields: optional },
  nothing: { version: 1, doc: 'x', fields: {} },
})

/** As written by an older program. */
export const oldVocabulary = new Vocabulary([
  sampleCatalogue,
  every,
  declareEvents('grown', { up: { version: 1, doc: 'x', fields: changed } }),
])

/** As read by this one. */
export const vocabulary = new Vocabulary([
  sampleCatalogue,
  every,
  declareEvents('grown', {
    up: { version: 2, doc: 'x', fields: { ...changed, more: f.opt(f.string('x')) }, upcasts: { 1: (data) => ({ ...data, more: null }) } },
  }),
])

const MAX = Number.MAX_SAFE_INTEGER
const WHOLE = [0, 1, 2, 7, 255, 256, 4096, 65_536, 2 ** 31, 2 ** 32, 2 ** 40 * 4096, MAX, -1, -16, -(2 ** 31), -MAX]
const WORDS = [0n, 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]
const TEXTS = ['', 'a', 'kworker/0:1', 'ü'.repeat(20), '💾', '\uD800', '\0', '\uFEFFx', '__proto__', 'constructor', 'x'.repeat(100)]

function valueOf(field: Field, random: Random): unknown {
  if (field.optional && random.once(3)) return null
  if (field.kind === 'u64') return random.oneOf(WORDS)
  if (field.kind === 'bool') return random.once(2)
  if (field.kind === 'enum') return random.oneOf(field.values!)
  return ['string', 'text', 'pointer'].includes(field.kind) ? random.oneOf(TEXTS) : random.oneOf(WHOLE)
}

/** Events with any values, numbered from 1 after `baseline` ones with `seq` 0. */
export function randomEvents(random: Random, count: number, from: Vocabulary, baseline = 0): AnyEvent[] {
  const whole = (): number | null => (random.once(3) ? null : random.oneOf(WHOLE))
  return Array.from({ length: count }, (_, i) => {
    const type = random.oneOf(from.types())
    const { fields } = from.get(type)
    return {
      seq: Math.max(0, i + 1 - baseline),
      entry: whole(),
      time: random.oneOf(WHOLE),
      device: whole(),
      cpu: whole(),
      actor: random.once(3) ? null : { pid: random.oneOf(WHOLE), comm: random.oneOf(TEXTS) },
      cause: Array.from({ length: random.below(3) }, () => random.oneOf(WHOLE)),
      ...(random.once(4) ? { context: random.oneOf(TEXTS) } : {}),
      ...(random.once(4) ? { source: random.oneOf(TEXTS) } : {}),
      ...(random.once(4) ? { where: random.oneOf(TEXTS) } : {}),
      ...(random.once(4) ? { inferred: true as const } : {}),
      type,
      data: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, valueOf(field, random)])),
    }
  })
}
