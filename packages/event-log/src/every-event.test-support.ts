/** Events of every kind of field, with the values that are hardest to store, for property tests. */
import { HOSTS_MAX, Vocabulary, declareEvents, f, type AnyEvent, type Field } from '@devtrail/events'
import fc from 'fast-check'

const MAX = Number.MAX_SAFE_INTEGER
const fields = {
  device: f.device('x'),
  pagemap: f.pagemap('x'),
  region: f.region('x'),
  managed: f.managed('x'),
  pointer: f.pointer('x'),
  string: f.string('x'),
  text: f.text('x'),
  word: f.u64('x'),
  pfn: f.pfn('x'),
  bytes: f.bytes('x'),
  count: f.count('x'),
  int: f.int('x'),
  pid: f.pid('x'),
  cpu: f.cpu('x'),
  errno: f.errno('x'),
  sure: f.bool('x'),
  flags: f.flags('x'),
  time: f.time('x'),
  mode: f.oneOf(['a', 'b', 'c', 'd', 'e'], 'x'),
  host: f.host('x'),
}
const optional = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, f.opt(field)]))

export const everyVocabulary = new Vocabulary([
  declareEvents('every', {
    kind: { version: 1, doc: 'x', fields },
    'kind-or-null': { version: 3, doc: 'x', fields: optional },
    nothing: { version: 1, doc: 'x', fields: {} },
  }),
])

/** Whole numbers of every size, small ones often. */
export const wholeNumber = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: -300, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(MAX, -MAX, 0, 2 ** 32, 2 ** 32 - 1, -(2 ** 31), 2 ** 40 * 4096),
  fc.integer({ min: 0, max: 2 ** 21 }).map((n) => n * 4096),
)
const text = fc.oneof(
  fc.constantFrom('', 'a', 'kworker/0:1', '\uFEFFx', '\uD800', 'x\uDC00', 'ü'.repeat(40), '💾', '\0'),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', minLength: 30, maxLength: 300 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => units.map((unit) => String.fromCharCode(unit)).join('')),
)
const word = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 63n, 2n ** 32n))

function valueOf({ kind, optional, values }: Field): fc.Arbitrary<unknown> {
  if (optional) return fc.option(valueOf({ kind, doc: '', ...(values ? { values } : {}) }))
  if (kind === 'u64') return word
  if (kind === 'bool') return fc.boolean()
  if (kind === 'enum') return fc.constantFrom(...values!)
  return ['string', 'text', 'pointer'].includes(kind) ? text : wholeNumber
}

function eventOf(type: string): fc.Arbitrary<object> {
  const declared = Object.entries(everyVocabulary.get(type).fields)
  return fc.record(
    {
      time: wholeNumber,
      entry: fc.option(wholeNumber),
      device: fc.option(wholeNumber),
      cpu: fc.option(wholeNumber),
      actor: fc.option(fc.record({ pid: wholeNumber, comm: text }, { noNullPrototype: true })),
      cause: fc.array(wholeNumber, { maxLength: 4 }),
      context: text,
      source: text,
      where: text,
      inferred: fc.constant(true as const),
      host: fc.integer({ min: 1, max: HOSTS_MAX }),
      unordered: fc.constant(true as const),
      type: fc.constant(type),
      data: fc.record(Object.fromEntries(declared.map(([name, field]) => [name, valueOf(field)])), { noNullPrototype: true }),
    },
    { requiredKeys: ['time', 'entry', 'device', 'cpu', 'actor', 'cause', 'type', 'data'], noNullPrototype: true },
  )
}

/** An event of any kind, without its number. */
export const everyEvent = fc.constantFrom(...everyVocabulary.types()).chain(eventOf)

/** Up to `maxLength` events, some of them a baseline. */
export function everyEvents(maxLength: number): fc.Arbitrary<AnyEvent[]> {
  const events = fc.array(everyEvent, { minLength: 1, maxLength })
  return fc
    .tuple(events, fc.nat(10))
    .map(([all, baseline]) => all.map((event, i) => ({ ...event, seq: Math.max(0, i + 1 - baseline) }) as AnyEvent))
}
