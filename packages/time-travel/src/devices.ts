import { idWithin, type AnyEvent, type DeviceInfo, type Facts, type Vocabulary } from '@devtrail/events'
import { deviceAmong, mentionsOf } from './mentions.ts'

/** The device an event is about: said, or by way of the pagemap or tree node that it names, learnt later or not. */
export function deviceOf(event: AnyEvent, vocabulary: Vocabulary, facts: Facts): number | null {
  return event.device ?? deviceAmong(mentionsOf(event, vocabulary.find(event.type)), facts)
}

const withBus = (d: DeviceInfo): string => `${d.bus ?? '?'}/${d.name}`

/** A key as it is shown: behind the name of the host, in a log of several. */
export const keyOnHost = (host: string | undefined, key: string): string => (host === undefined ? key : `${host}:${key}`)

/**
 * The key under which each device is shown: its name, or `bus/name` where several of the list share the name, or
 * `name#incarnation` where even that is not enough. Hosts do not change each other's keys: `host:name`.
 */
export function deviceKeys(devices: readonly DeviceInfo[]): Map<number, string> {
  return new Map(
    [...Map.groupBy(devices, (d) => d.host)].flatMap(([host, ofHost]) =>
      [...keysWithin(ofHost)].map(([id, key]): [number, string] => [id, keyOnHost(host, key)]),
    ),
  )
}

function keysWithin(devices: readonly DeviceInfo[]): Map<number, string> {
  const count = (of: (d: DeviceInfo) => string): Map<string, number> => {
    const n = new Map<string, number>()
    for (const d of devices) n.set(of(d), (n.get(of(d)) ?? 0) + 1)
    return n
  }
  const names = count((d) => d.name)
  const buses = count(withBus)
  return new Map(
    devices.map((d) => {
      if (names.get(d.name) === 1) return [d.id, d.name]
      return [d.id, buses.get(withBus(d)) === 1 ? withBus(d) : `${withBus(d)}#${idWithin(d.id)}`]
    }),
  )
}

/** No device goes by that name, or several do. */
export class NoSuchDeviceError extends Error {
  override readonly name = 'NoSuchDeviceError'
  readonly candidates: readonly string[]
  constructor(message: string, candidates: readonly string[]) {
    super(message)
    this.candidates = candidates
  }
}

/** The host that a name begins with, and the rest; all hosts where it begins with none. */
function onHost(wanted: string, devices: readonly DeviceInfo[]): { readonly rest: string; readonly among: readonly DeviceInfo[] } {
  const colon = wanted.indexOf(':')
  const host = colon < 1 ? null : wanted.slice(0, colon)
  const among = host === null ? [] : devices.filter((d) => d.host === host)
  return among.length === 0 ? { rest: wanted, among: devices } : { rest: wanted.slice(colon + 1), among }
}

/**
 * The devices a user may mean by a name, behind a host's and a colon in a log of several: a key, a `bus/name`, an incarnation (`name#3`), or an alias (disk, namespace,
 * iomem name). A device of that very name wins over an alias, except one that exists for bookkeeping only.
 * @throws NoSuchDeviceError with what there is
 */
export function selectDevices(
  wanted: string,
  devices: readonly DeviceInfo[],
  aliases: (device: number) => readonly string[],
): DeviceInfo[] {
  const { rest, among } = onHost(wanted, devices)
  const m = /^(?:(.+)\/)?([^/]+?)(?:#(\d+))?$/.exec(rest)
  const [bus, name, id] = [m?.[1] ?? null, m?.[2] ?? rest, m?.[3] === undefined ? null : Number(m[3])]
  const named = among.filter((d) => d.name === name && (bus === null || (d.bus ?? '?') === bus) && (id === null || idWithin(d.id) === id))
  const proper = named.filter((d) => !d.bookkeeping)
  if (proper.length > 0) return proper
  if (bus === null && id === null) {
    const aliased = among.filter((d) => !d.bookkeeping && aliases(d.id).includes(name))
    if (aliased.length > 0) return aliased
  }
  if (named.length > 0) return named
  const keys = [...deviceKeys(devices.filter((d) => !d.bookkeeping)).values()]
  throw new NoSuchDeviceError(`no device goes by the name "${wanted}"; there is ${keys.length === 0 ? 'none' : keys.join(', ')}`, keys)
}

/**
 * The device that a name means at a moment: those that are there win over those that may be, and these over the newest of
 * those that are gone. Several: the name does not tell them apart. None: nothing of that name is known, or which of several
 * it is.
 */
export function devicesNamed(wanted: string, devices: readonly DeviceInfo[], aliases: (device: number) => readonly string[]): DeviceInfo[] {
  let found: DeviceInfo[]
  try {
    found = selectDevices(wanted, devices, aliases)
  } catch (error) {
    if (error instanceof NoSuchDeviceError) return []
    throw error
  }
  const present = found.filter((d) => d.presence === 'present')
  if (present.length > 0) return present
  const perhaps = found.filter((d) => d.presence === null)
  if (perhaps.length > 0) return perhaps.length === 1 ? perhaps : []
  return found.slice(-1)
}
