import { describe, expect, expectTypeOf, it } from 'vitest'
import { declareEvents, Vocabulary, type DataOf, type Declarations, type EventName, type Payload } from './declare.ts'
import type { EventOf } from './envelope.ts'
import { f } from './f.ts'
import type { Field } from './field.ts'
import { logCatalogue } from './log-events.ts'

const catalogue = declareEvents('lamp', {
  lit: {
    version: 1,
    doc: 'A lamp was lit.',
    identifies: 'lamp',
    fields: {
      lamp: f.device('which'),
      at: f.u64('where'),
      colour: f.oneOf(['red', 'green'], 'how'),
      mood: f.opt(f.oneOf(['calm'], 'why')),
      watts: f.opt(f.count('how much')),
      name: f.string('its name'),
      on: f.bool('whether'),
    },
  },
  'went-out': { version: 1, doc: 'It went out.', fields: {} },
})

const event = (fields: { [name: string]: Field }, more: object = {}): Declarations => ({
  happened: { version: 1, doc: '.', fields, ...more },
})

describe('declareEvents refuses', () => {
  it.each(['', 'Lamp', 'lamp_', '1lamp', 'lamp--x', '-lamp', 'lamp-', 'a/b', 'a b'])('the prefix %j', (prefix) => {
    expect(() => declareEvents(prefix, {})).toThrow(`event prefix "${prefix}" is not kebab-case`)
  })

  it.each(['Lit', 'lit_up', 'lit-', 'lit/up', ''])('the name %j', (name) => {
    expect(() => declareEvents('lamp', { [name]: { version: 1, doc: '.', fields: {} } })).toThrow(
      `event name "lamp/${name}" is not kebab-case`,
    )
  })

  it('an enum without values, naming type and field', () => {
    const without: Field = { kind: 'enum', doc: '.' }
    expect(() => declareEvents('lamp', event({ how: without }))).toThrow('lamp/happened.how is an enum without values')
    expect(() => declareEvents('lamp', event({ how: { ...without, values: [] } }))).toThrow('without values')
  })

  it('an identifies that names none of its fields, whatever every object has', () => {
    for (const identifies of ['lamp', 'constructor', '__proto__']) {
      expect(() => declareEvents('lamp', event({ other: f.device('.') }, { identifies }))).toThrow(`identifies "${identifies}"`)
    }
  })
})

describe('a vocabulary', () => {
  it('finds a declaration by full name', () => {
    const vocabulary = new Vocabulary([catalogue, logCatalogue])
    expect(vocabulary.get('lamp/lit').doc).toBe('A lamp was lit.')
    expect(vocabulary.types()).toEqual([
      'lamp/lit',
      'lamp/went-out',
      'log/gap',
      'log/returns-missed',
      'log/host-joined',
      'log/clock-set',
      'log/ended',
    ])
  })

  it('does not know what is not declared, and says what it knows', () => {
    const vocabulary = new Vocabulary([catalogue, logCatalogue])
    for (const type of ['lamp/broke', 'constructor', '__proto__', 'lit']) {
      expect(vocabulary.find(type)).toBeUndefined()
      expect(() => vocabulary.get(type)).toThrow(`event type "${type}" is not in the vocabulary (lamp, log)`)
    }
  })

  it('refuses a type that is declared twice', () => {
    expect(() => new Vocabulary([catalogue, catalogue])).toThrow('event type lamp/lit is declared twice')
  })
})

describe('types follow from the declaration', () => {
  type P = Payload<typeof catalogue>

  it('the payload is the closed union of the declared events', () => {
    expectTypeOf<P['type']>().toEqualTypeOf<'lamp/lit' | 'lamp/went-out'>()
    expectTypeOf<EventName<typeof catalogue>>().toEqualTypeOf<'lamp/lit' | 'lamp/went-out'>()
    expect(catalogue.prefix).toBe('lamp')
  })

  it('the data has the type of each kind, null where optional, the words of an enum', () => {
    type Lit = DataOf<typeof catalogue, 'lamp/lit'>
    expectTypeOf<Lit>().toEqualTypeOf<{
      readonly lamp: number
      readonly at: bigint
      readonly colour: 'red' | 'green'
      readonly mood: 'calm' | null
      readonly watts: number | null
      readonly name: string
      readonly on: boolean
    }>()
    expectTypeOf<DataOf<typeof catalogue, 'lamp/lit'>>().not.toBeAny()
    const lit: Lit = { lamp: 1, at: 2n, colour: 'red', mood: null, watts: null, name: 'x', on: true }
    expect(Object.keys(lit)).toEqual(Object.keys(catalogue.declarations.lit.fields))
  })

  it('a type that is not declared has no data', () => {
    expectTypeOf<DataOf<typeof catalogue, 'lamp/broke'>>().toBeNever()
    // @ts-expect-error: blue is not one of the declared words
    const wrong: DataOf<typeof catalogue, 'lamp/lit'>['colour'] = 'blue'
    expect(catalogue.declarations.lit.fields.colour.values).not.toContain(wrong)
  })

  it('an event is told apart by its type', () => {
    const read = (e: EventOf<P>): string => (e.type === 'lamp/lit' ? e.data.colour : e.type)
    expectTypeOf<EventOf<P>['seq']>().toEqualTypeOf<number>()
    const out: EventOf<P> = {
      seq: 1,
      entry: null,
      time: 0,
      device: null,
      cpu: null,
      actor: null,
      cause: [],
      type: 'lamp/went-out',
      data: {},
    }
    expect(read(out)).toBe('lamp/went-out')
  })
})
