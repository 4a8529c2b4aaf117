/**
 * The vocabulary of the logs in `fixtures/`, as it was when they were written, and the events that were written into them. Neither
 * ever changes: a fixture of another vocabulary brings its own.
 */
import { Vocabulary, declareEvents, f, type AnyEvent, type EventDeclaration } from '@devtrail/events'

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
  mode: f.oneOf(['percpu', 'atomic', 'dead'], 'x'),
}
const optional = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, f.opt(field)]))

const declared = {
  kind: { version: 1, doc: 'x', fields },
  'kind-or-null': { version: 1, doc: 'x', fields: optional },
  said: { version: 1, doc: 'x', fields: { text: f.text('x'), by: f.opt(f.string('x')) } },
  nothing: { version: 1, doc: 'x', fields: {} },
} satisfies Record<string, EventDeclaration>

const moved = (version: number, fields: EventDeclaration['fields']): EventDeclaration => ({ version, doc: 'x', fields })
const pages = { pages: f.count('x') }

/** The vocabulary that all fixtures began with. */
export const firstVocabulary = new Vocabulary([declareEvents('fixture', { ...declared, moved: moved(1, pages) })])

/** What `upcast` was gone on with: `moved` in bytes, and where to. */
const inBytes = { size: f.bytes('x'), to: f.opt(f.string('x')) }
export const secondVocabulary = new Vocabulary([declareEvents('fixture', { ...declared, moved: moved(2, inBytes) })])

/** One of the values, in turn. */
const oneOf = (seq: number, values: readonly unknown[]): unknown => values[seq % values.length]

function everything(seq: number): Record<string, unknown> {
  return {
    device: (seq % 7) + 1,
    pagemap: 1000 + seq,
    region: seq % 3,
    managed: 2 ** 40 + 8 * seq,
    pointer: oneOf(seq, ['0xff3fdf9170e6c0b0', '0xff3fdf9170e6c0c8', '']),
    string: oneOf(seq, ['kworker/0:1', 'ü', '\uD800', '\uFEFFa', '']),
    text: oneOf(seq, [`line ${seq}\n\ttabbed "quoted" …`, '', '💾', `\uDC00 ${seq}`]),
    word: oneOf(seq, [0xffff_ffff_ffff_ffffn - BigInt(seq), 0n, 2n ** 63n, 2n ** 32n, BigInt(seq)]),
    pfn: 0x100000 + seq,
    bytes: 4096 * seq,
    count: oneOf(seq, [0, seq, Number.MAX_SAFE_INTEGER]),
    int: oneOf(seq, [-seq, seq * 70_000, -Number.MAX_SAFE_INTEGER, 2 ** 32]),
    pid: 100 + (seq % 3),
    cpu: seq % 2,
    errno: -(seq % 30),
    sure: seq % 2 === 0,
    flags: 0x8000_0000 + seq,
    time: seq * 1000 + 7,
    mode: oneOf(seq, ['percpu', 'atomic', 'dead']),
  }
}

function payload(seq: number): Pick<AnyEvent, 'type' | 'data'> {
  const whole = everything(seq)
  if (seq % 10 === 1) return { type: 'fixture/kind', data: whole }
  if (seq % 10 === 4) {
    const some = Object.entries(whole).map(([name, value], i) => [name, (seq / 2 + i) % 3 < 1 ? null : value])
    return { type: 'fixture/kind-or-null', data: Object.fromEntries(some) as AnyEvent['data'] }
  }
  if (seq % 10 === 7) return { type: 'fixture/nothing', data: {} }
  if (seq % 2 === 0) return { type: 'fixture/moved', data: { pages: seq * 3 } }
  return { type: 'fixture/said', data: { text: `line ${seq}`, by: seq % 3 === 0 ? null : 'ndctl' } }
}

/** The event with number `seq` of every fixture; of the baseline `seq` is 0, and `n` tells which. */
export function fixtureEvent(seq: number, n = seq): AnyEvent {
  return {
    seq,
    entry: seq % 9 === 0 ? null : seq * 2,
    time: n * 1_000_000 + (n % 13) * 77,
    device: n % 4 === 0 ? null : (n % 40) + 1,
    cpu: n % 8 === 0 ? null : n % 2,
    actor: n % 5 === 0 ? null : { pid: 100 + (n % 3), comm: n % 50 === 1 ? '\uD800' : 'ndctl' },
    cause: seq < 3 ? [] : seq % 21 === 0 ? [1, seq - 1] : seq % 3 === 0 ? [seq - 1] : [],
    ...(n % 6 === 5 ? { context: 'd..1.', where: 'memremap_pages+0x1c/0x2f0' } : {}),
    ...(n % 7 === 3 ? { source: 'trace.txt' } : {}),
    ...(n % 11 === 10 ? { inferred: true as const } : {}),
    ...payload(n),
  }
}

/** The events from 1 (or `first`) to `last`, behind a baseline. */
export function fixtureEvents(last: number, { first = 1, baseline = 0 } = {}): AnyEvent[] {
  const before = Array.from({ length: baseline }, (_, i) => ({ ...fixtureEvent(0, i + 1), cause: [], entry: null }))
  return [...before, ...Array.from({ length: last - first + 1 }, (_, i) => fixtureEvent(first + i))]
}

/** An event of `upcast` that was written with {@link secondVocabulary}. */
export function movedInBytes(event: AnyEvent): AnyEvent {
  return event.type === 'fixture/moved'
    ? { ...event, data: { size: event.seq * 512, to: event.seq % 4 === 0 ? null : 'System RAM' } }
    : event
}

/** What is attached to each fixture as `attached.bin`. */
export const fixtureAttachment = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251)

/** The parts of the keyframes of the fold `fixture-1`; `packed` is stored compressed. */
export function fixtureParts(seq: number): [string, Uint8Array][] {
  return [
    ['constant', new Uint8Array(60).fill(7)],
    ['packed', new Uint8Array(5000).fill(seq)],
    ['small', Uint8Array.of(seq)],
  ]
}
