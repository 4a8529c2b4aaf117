import { describe, expect, it } from 'vitest'
import { declareEvents, Vocabulary } from './declare.ts'
import type { AnyEvent } from './envelope.ts'
import { f } from './f.ts'
import { Facts } from './facts.ts'

const vocabulary = new Vocabulary([
  declareEvents('t', {
    identified: {
      version: 1,
      doc: 'More became known.',
      identifies: 'map',
      fields: { map: f.pagemap('which'), owner: f.opt(f.device('whose')), start: f.opt(f.u64('from')) },
    },
    named: {
      version: 1,
      doc: 'A device was named.',
      identifies: 'device',
      fields: { device: f.device('which'), name: f.string('its name') },
    },
    changed: { version: 1, doc: 'Something that can change did.', fields: { map: f.pagemap('which'), owner: f.opt(f.device('whose')) } },
  }),
])

const event = (seq: number, type: string, data: AnyEvent['data']): AnyEvent => ({
  seq,
  entry: null,
  time: seq,
  device: null,
  cpu: null,
  actor: null,
  cause: [],
  type,
  data,
})

function learnt(...events: AnyEvent[]): Facts {
  const facts = new Facts(vocabulary)
  for (const e of events) facts.learn(e)
  return facts
}

describe('facts', () => {
  it('the first telling of an attribute stays', () => {
    const facts = learnt(
      event(3, 't/identified', { map: 1, owner: 7, start: null }),
      event(5, 't/identified', { map: 1, owner: 8, start: 9n }),
    )
    expect(facts.find('pagemap', 1, 'owner')).toEqual({ value: 7, seq: 3, type: 't/identified' })
    expect(facts.find('pagemap', 1, 'start')).toEqual({ value: 9n, seq: 5, type: 't/identified' })
  })

  it('null is no telling: what is told later fills it', () => {
    const facts = learnt(
      event(3, 't/identified', { map: 1, owner: null, start: null }),
      event(8, 't/identified', { map: 1, owner: 2, start: null }),
    )
    expect(facts.find('pagemap', 1, 'owner')?.seq).toBe(8)
    expect(facts.find('pagemap', 1, 'start')).toBeUndefined()
    expect(facts.value('pagemap', 1, 'start')).toBeNull()
  })

  it('false and 0 are tellings', () => {
    const facts = learnt(
      event(1, 't/identified', { map: 1, owner: 0, start: 0n }),
      event(2, 't/identified', { map: 1, owner: 5, start: 5n }),
    )
    expect(facts.value('pagemap', 1, 'owner')).toBe(0)
    expect(facts.value('pagemap', 1, 'start')).toBe(0n)
  })

  it('events that identify nothing, or are not in the vocabulary, teach nothing', () => {
    const facts = learnt(event(1, 't/changed', { map: 1, owner: 4 }), event(2, 'other/identified', { map: 1, owner: 4 }))
    expect(facts.ids('pagemap')).toEqual([])
  })

  it('incarnations of one kind do not mix with those of another', () => {
    const facts = learnt(event(1, 't/identified', { map: 1, owner: 4, start: null }), event(2, 't/named', { device: 1, name: 'pfn0.0' }))
    expect(facts.value('device', 1, 'owner')).toBeNull()
    expect(facts.value('device', 1, 'name')).toBe('pfn0.0')
    expect(facts.ids('device')).toEqual([1])
    expect(facts.ids('pagemap')).toEqual([1])
  })

  it('the field that identifies is no attribute of itself', () => {
    expect(learnt(event(1, 't/named', { device: 4, name: 'a' })).find('device', 4, 'device')).toBeUndefined()
  })

  it('attributes named like members of every object are found only when told', () => {
    const facts = learnt(event(1, 't/named', { device: 1, name: 'a' }))
    for (const name of ['constructor', '__proto__', 'toString']) expect(facts.find('device', 1, name)).toBeUndefined()
  })
})
