/** A made-up model for tests: lamps of a house, the circuits they hang on, and people who wait at the door. */
import {
  asModel,
  declareEvents,
  f,
  type AnyEvent,
  type DeviceInfo,
  type Invariant,
  type Model,
  type Payload,
  type Violation,
} from '@devtrail/events'
import { History } from './history.ts'

const device = f.device('the lamp')
const wait = (edge: 'enter' | 'return') => ({ edge, name: 'wait', ...(edge === 'enter' ? { waitsFor: 'the bell' } : {}) })

export const houseCatalogue = declareEvents('house', {
  'lamp-found': {
    version: 1,
    doc: 'A lamp was there.',
    identifies: 'device',
    fields: { device, name: f.string('its name'), bus: f.opt(f.string('its bus')) },
  },
  'lamp-identified': {
    version: 1,
    doc: 'More became known.',
    identifies: 'device',
    fields: { device, colour: f.opt(f.string('its colour')) },
  },
  lit: { version: 1, doc: 'A lamp was lit.', fields: { device } },
  'went-out': { version: 1, doc: 'A lamp went out.', fields: { device } },
  'circuit-identified': {
    version: 1,
    doc: 'It became known whose a circuit is.',
    identifies: 'circuit',
    fields: { circuit: f.pagemap('which'), device: f.opt(device), namespace: f.opt(device) },
  },
  'circuit-used': { version: 1, doc: 'A circuit was used.', fields: { amperes: f.count('how much'), circuit: f.opt(f.pagemap('which')) } },
  'spot-identified': {
    version: 1,
    doc: 'It became known whose a spot is.',
    identifies: 'spot',
    fields: { spot: f.region('which'), device },
  },
  'spot-touched': { version: 1, doc: 'A spot was touched.', fields: { spot: f.region('which') } },
  waited: { version: 1, doc: 'Somebody waits.', call: wait('enter'), fields: { device: f.opt(device) } },
  'stopped-waiting': { version: 1, doc: 'Somebody waits no more.', call: wait('return'), fields: {} },
  looked: { version: 1, doc: 'Somebody looks.', call: { edge: 'enter', name: 'look' }, fields: {} },
  'looked-away': { version: 1, doc: 'Somebody looks no more.', call: { edge: 'return', name: 'look' }, fields: {} },
  broke: {
    version: 1,
    doc: 'A rule broke.',
    fields: { rule: f.string('which'), page: f.opt(f.pfn('where')), pages: f.opt(f.count('how many')) },
  },
})
type P = Payload<typeof houseCatalogue>

export interface HouseState {
  lamps: Map<number, { name: string; bus: string | null; lit: boolean; switched: number }>
  waiting: number[]
}

const rule = (name: string): Invariant<HouseState> => ({
  id: `house/${name}`,
  says: `Nothing is ${name}.`,
  because: 'tests',
  judge: (_, event) => {
    if (event.type !== 'house/broke' || event.data['rule'] !== name) return []
    const { page, pages } = event.data as { page: number | null; pages: number | null }
    const violation: Violation = {
      rule: `house/${name}`,
      certainty: 'certain',
      seq: event.seq,
      time: event.time,
      device: event.device,
      summary: `${name} at ${event.seq}`,
      evidence: [...event.cause, event.seq],
      data: {},
      ...(page === null ? {} : { about: [{ first: page, last: page + (pages ?? 1) - 1 }] }),
    }
    return [violation]
  },
})

function evolve(state: HouseState, event: AnyEvent): void {
  const e = event as unknown as P
  if (e.type === 'house/lamp-found') state.lamps.set(e.data.device, { name: e.data.name, bus: e.data.bus, lit: false, switched: 0 })
  if (e.type === 'house/lit' || e.type === 'house/went-out') {
    const lamp = state.lamps.get(e.data.device)
    if (lamp !== undefined) Object.assign(lamp, { lit: e.type === 'house/lit', switched: lamp.switched + 1 })
  }
  if (e.type === 'house/waited' && event.actor !== null) state.waiting.push(event.actor.pid)
}

export const house: Model = asModel<HouseState>({
  name: 'house',
  catalogue: houseCatalogue,
  initial: () => ({ lamps: new Map(), waiting: [] }),
  evolve,
  invariants: [rule('dark'), rule('hot')],
  describe: (state, id, facts) => ({
    lit: state.lamps.get(id)?.lit ?? null,
    switched: state.lamps.get(id)?.switched ?? null,
    colour: facts.value<string>('device', id, 'colour'),
    learntAt: facts.find('device', id, 'colour')?.seq ?? null,
  }),
  devices: (state) => [...state.lamps].map(([id, { name, bus }]) => info({ id, name, bus })),
  aliases: (state, id) => (state.lamps.has(id) ? [`light-of-${id}`] : []),
  waiting: (state) => state.waiting.map((pid) => ({ who: { pid }, call: 'wait', waitsFor: 'the red bell', evidence: [1], data: {} })),
})

export const info = (d: Partial<DeviceInfo> & { id: number; name: string }): DeviceInfo => ({
  bus: null,
  kind: 'lamp',
  bookkeeping: false,
  presence: 'present',
  driver: null,
  driverState: null,
  ...d,
})

type Said = Partial<Omit<AnyEvent, 'type' | 'data'>>

/** An event of the house (or of the log), with the envelope wanted. */
export const event = (type: string, data: AnyEvent['data'], said: Said = {}): AnyEvent => ({
  seq: 1,
  entry: null,
  time: 0,
  device: null,
  cpu: null,
  actor: null,
  cause: [],
  ...said,
  type,
  data,
})

/** Events numbered from 1, one an entry and a second, but where they say otherwise. */
export const numbered = (...events: readonly AnyEvent[]): AnyEvent[] =>
  events.map((e, i) => ({ ...e, seq: i + 1, entry: e.entry ?? i + 1, time: e.time === 0 ? (i + 1) * 1e9 : e.time }))

export const historyOf = (events: readonly AnyEvent[], entries: number | null = null): History =>
  new History({ read: () => events }, [house], { entries })
