/** Made-up events with every kind of field, for the contract suite and for tests of new stores. */
import { Vocabulary, declareEvents, f, type AnyEvent } from '@devtrail/events'
import { LOG_SCHEMA_VERSION, type LogMeta } from './contract.ts'

export const sampleCatalogue = declareEvents('sample', {
  counted: { version: 1, doc: 'Something was counted.', fields: { n: f.count('how many') } },
  said: {
    version: 1,
    doc: 'Something was said.',
    fields: { text: f.text('what'), by: f.opt(f.string('by whom')) },
  },
  measured: {
    version: 1,
    doc: 'Everything was measured at once.',
    fields: {
      device: f.device('a device'),
      pointer: f.pointer('an identity'),
      word: f.u64('a 64-bit word'),
      pfn: f.pfn('a page'),
      size: f.bytes('a size'),
      delta: f.int('a signed number'),
      result: f.errno('the result'),
      flags: f.flags('flags'),
      took: f.time('how long'),
      sure: f.bool('whether it is sure'),
      mode: f.oneOf(['percpu', 'atomic'], 'the mode'),
    },
  },
})

export const sampleVocabulary = new Vocabulary([sampleCatalogue])

/** A meta with the given source. */
export function sampleMeta(source: LogMeta['source'] = { kind: 'sample' }): LogMeta {
  return { schemaVersion: LOG_SCHEMA_VERSION, epoch: '1700000000000000000', source, notes: ['made up'] }
}

function payload(seq: number): Pick<AnyEvent, 'type' | 'data'> {
  if (seq % 3 === 1) return { type: 'sample/counted', data: { n: seq } }
  if (seq % 3 === 2)
    return {
      type: 'sample/said',
      data: { text: `line ${seq}\n\ttabbed "quoted" …`, by: seq % 2 ? null : 'kworker/0:1' },
    }
  const data = {
    device: (seq % 7) + 1,
    pointer: '0xff3fdf9170e6c0b0',
    word: 0xffff_ffff_ffff_ffffn - BigInt(seq),
    pfn: 0x100000 + seq,
    size: 4096 * seq,
    delta: 0 - seq,
    result: -16,
    flags: 0x80000000 + seq,
    took: seq * 1_000 + 7,
    sure: seq % 2 === 0,
    mode: seq % 2 ? 'percpu' : 'atomic',
  }
  return { type: 'sample/measured', data }
}

/** The event with number `seq`, always the same one. */
export function sampleEvent(seq: number): AnyEvent {
  return {
    seq,
    entry: seq === 0 ? null : seq * 2,
    time: seq * 1_000_000 + 1,
    device: seq % 4 === 0 ? null : (seq % 4) + 1,
    cpu: seq === 0 ? null : seq % 2,
    actor: seq % 5 === 0 ? null : { pid: 100 + (seq % 3), comm: 'ndctl' },
    cause: seq > 2 ? [seq - 1, seq - 2] : [],
    ...(seq % 6 === 5 ? { context: 'd..1.', where: 'memremap_pages+0x1c/0x2f0' } : {}),
    ...(seq % 11 === 10 ? { inferred: true as const } : {}),
    ...payload(seq),
  }
}

/** `baseline` events with seq 0, then the events from `first` (default 1) to `last`. */
export function sampleEvents(last: number, { first = 1, baseline = 0 } = {}): AnyEvent[] {
  const events: AnyEvent[] = []
  for (let i = 0; i < baseline; i++) events.push({ ...sampleEvent(0), type: 'sample/counted', data: { n: i } })
  for (let seq = first; seq <= last; seq++) events.push(sampleEvent(seq))
  return events
}
