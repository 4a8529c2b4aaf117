import type { AnyEvent, DeviceInfo, EventBlock } from '@devtrail/events'
import {
  devicesNamed,
  NoSuchDeviceError,
  parsePosition,
  selectDevices,
  Touches,
  type Machine,
  type Moment,
  type Position,
  type Replay,
} from '@devtrail/time-travel'
import { mayBeThere, type Survey } from '@devtrail/survey'
import type { OpenLog } from '../logs/open.ts'
import type { Session } from '../session/session.ts'
import { didYouMean } from '../session/suggest.ts'

/** The position an option names; the end when it is not given. */
export const positionOf = (text: string | undefined): Position => (text === undefined ? { kind: 'end' } : parsePosition(text))

/** Whether an event is not before a position: the event, entry or time named is itself included. */
export function startsAt(position: Position, at: Moment): (event: AnyEvent) => boolean {
  switch (position.kind) {
    case 'start':
      return () => true
    case 'seq':
      return (event) => event.seq >= position.seq
    case 'entry':
      return (event) => event.entry !== null && event.entry >= position.entry && event.host === at.host
    case 'time':
      return (event) => event.seq > 0 && event.time >= (position.from ?? position.ns)
    default:
      return (event) => event.seq >= at.seq
  }
}

/** What there is instead, each key once, and what may have been meant. */
function suggesting(error: unknown, wanted: string, devices: readonly DeviceInfo[], keyOf: (d: DeviceInfo) => string): unknown {
  if (!(error instanceof NoSuchDeviceError)) return error
  const keys = [...new Set(devices.filter((d) => !d.bookkeeping).map(keyOf))]
  const there = keys.length === 0 ? 'none is known' : `there is ${keys.join(', ')}`
  return new NoSuchDeviceError(`no device goes by the name "${wanted}" here${didYouMean(wanted, keys)} (${there})`, keys)
}

/**
 * The devices that a user means. Those that are there win over incarnations that are gone, of which the newest counts.
 * When several are meant all are shown, and a note lists them.
 * @throws NoSuchDeviceError, with a suggestion
 */
export function chooseDevices(
  wanted: string,
  devices: readonly DeviceInfo[],
  aliases: (id: number) => readonly string[],
  keyOf: (d: DeviceInfo) => string,
  session: Session,
): DeviceInfo[] {
  let found: DeviceInfo[]
  try {
    found = selectDevices(wanted, devices, aliases)
  } catch (error) {
    throw suggesting(error, wanted, devices, keyOf)
  }
  const present = found.filter(mayBeThere)
  const chosen = present.length > 0 ? present : found.slice(-1)
  if (chosen.length > 1) session.note(`"${wanted}" means several devices: ${chosen.map(keyOf).join(', ')}`)
  return chosen
}

/** Looks, wherever a device may have got another name, for those that are called as somebody wants. */
function aliasSpotter(wanted: string, { history }: OpenLog, { names }: Survey, aliased: Set<number>): NonNullable<Replay['step']> {
  const touches = new Touches([{ dotted: 'aliases', device: null }], history.models, names.facts)
  let ofBlock: EventBlock | null = null
  let touching: readonly boolean[] = []
  return (block, place, machine) => {
    if (block !== ofBlock) {
      ofBlock = block
      touching = block.types.map(({ name }) => touches.canBe(name))
    }
    if (!touching[block.type[place]!]!) return
    const device = names.of(block.view(place))
    if (device !== null && !aliased.has(device) && machine.aliases(device).includes(wanted)) aliased.add(device)
  }
}

/**
 * As {@link chooseDevices}, over a whole log: every incarnation that ever went by the name, also by one that it lost.
 * @throws NoSuchDeviceError, with a suggestion
 */
export async function chooseDevicesEver(
  wanted: string,
  log: OpenLog,
  survey: Survey,
  session: Session,
  isQuiet = false,
): Promise<DeviceInfo[]> {
  const aliased = new Set<number>()
  const known = survey.devices.some(
    (d) => !d.bookkeeping && (d.name === wanted || wanted.startsWith(`${d.bus}/${d.name}`) || wanted.startsWith(`${d.name}#`)),
  )
  if (!known) await log.history.replay({ step: aliasSpotter(wanted, log, survey, aliased) })
  let found: DeviceInfo[]
  try {
    found = selectDevices(wanted, survey.devices, (id) => (aliased.has(id) ? [wanted] : []))
  } catch (error) {
    throw suggesting(error, wanted, survey.devices, (d) => survey.names.device(d.id))
  }
  const keys = new Set(found.map((d) => survey.names.device(d.id)))
  if (keys.size > 1 && !isQuiet) session.note(`"${wanted}" means several devices: ${[...keys].join(', ')}`)
  return found
}

/**
 * The one device that a user means at a moment; where the name means several, the one of which there is something to tell.
 * @throws NoSuchDeviceError, with a suggestion; with those it may be when that is more than one
 */
export function chooseDevice(
  wanted: string,
  machine: Machine,
  hasAnything: (device: number) => boolean,
  keyOf: (d: DeviceInfo) => string,
  session: Session,
): DeviceInfo {
  const devices = machine.devices()
  const found = devicesNamed(wanted, devices, (id) => machine.aliases(id))
  const [one, ...more] = found.length > 1 ? found.filter(({ id }) => hasAnything(id)) : found
  if (one !== undefined && more.length === 0) return one
  // What is there instead, or several at once, of none of which or of more than one there is something to tell.
  const all = chooseDevices(wanted, devices, (id) => machine.aliases(id), keyOf, session)
  if (all.length === 1) return all[0]!
  const keys = all.map(keyOf)
  throw new NoSuchDeviceError(`"${wanted}" means several devices; name one of them: ${keys.join(', ')}`, keys)
}
