import { BTT_BYTES_MAX, FILE_PAGES_MAX } from './check-machine.ts'
import { isDevice, isDisk, type Names } from './names.ts'
import { ScenarioError, type Unchecked } from './place.ts'
import type { PagesOf, Step } from './scenario.ts'
import { bytesOf, nanosecondsOf } from './units.ts'

const KINDS = [
  'bind',
  'unbind',
  'store',
  'claim',
  'detach',
  'disable',
  'enable',
  'create-namespace',
  'submit-bio',
  'touch',
  'splice',
  'close-pipe',
  'direct-io',
  'end-bio',
  'truncate',
  'enter-queue',
  'exit-queue',
  'sleep',
  'sleep-until',
  'signal',
  'wait-for',
] as const

const LABEL = /^[\w .-]{1,40}$/

function known(of: Unchecked, what: string, there: Iterable<string>, isKnown: (name: string) => boolean): string {
  if (typeof of.value === 'string' && isKnown(of.value)) return of.value
  const names = [...there]
  return of.fail(`a ${what} (${names.length === 0 ? 'there is none' : names.slice(0, 8).join(', ')})`)
}

function deviceOf(of: Unchecked, names: Names): string {
  const name = known(of, 'device of the scenario', names.devices, (device) => isDevice(device, names))
  if (name.startsWith('btt') && names.largest > BTT_BYTES_MAX)
    throw new ScenarioError(of.place, 'a scenario with a BTT has namespaces of at most 256 GiB: the map of all their sectors is laid out')
  return name
}

const diskOf = (of: Unchecked, names: Names): string => known(of, 'disk of the scenario', names.disks, (name) => isDisk(name, names))

const fileOf = (of: Unchecked, { files }: Names): string => known(of, 'file of the scenario', files.keys(), (name) => files.has(name))

function namespaceOf(of: Unchecked, names: Names): string {
  const there = [...names.devices].filter((name) => name.startsWith('namespace'))
  return known(of, 'namespace of the scenario', there, (name) => name.startsWith('namespace') && isDevice(name, names))
}

function regionOf(of: Unchecked, { regions }: Names): string {
  const there = [...regions].map((number) => `region${number}`)
  return known(of, 'region of the scenario', there, (name) => there.includes(name))
}

function pagesOf(file: Unchecked, page: Unchecked, pages: Unchecked, names: Names): PagesOf {
  const name = fileOf(file, names)
  const all = names.files.get(name)!
  const first = page.isThere ? page.count(0, all - 1) : 0
  return { file: name, page: first, pages: pages.isThere ? pages.count(1, all - first) : all - first }
}

function duration(of: Unchecked): string {
  const text = of.text('a time such as "1s", "200ms" or "5us"', /^[\d.]{1,20}(s|ms|us|ns)$/)
  return nanosecondsOf(text) === null ? of.fail('a time such as "1s", "200ms" or "5us"') : text
}

const label = (of: Unchecked): string => of.text('a name', LABEL)

/** Sectors of one bio: 1 MiB, 256 pages. */
const BIO_SECTORS_MAX = 2048

function checkBio(step: Unchecked, names: Names): Step {
  const { disk, op, sector, sectors, byte, nowait } = step.fields('do', 'disk', 'op', 'sector', 'sectors', 'byte', 'nowait')
  return {
    do: 'submit-bio',
    disk: diskOf(disk, names),
    op: op.oneOf('read', 'write'),
    ...(sector.isThere && { sector: sector.count(0, 2 ** 40) }),
    ...(sectors.isThere && { sectors: sectors.count(1, BIO_SECTORS_MAX) }),
    ...(byte.isThere && { byte: byte.count(0, 255) }),
    ...(nowait.isThere && { nowait: nowait.flag() }),
  }
}

function checkClaim(step: Unchecked, names: Names): Step {
  const { device, namespace, map, sectorSize } = step.fields('do', 'device', 'namespace', 'map', 'sectorSize')
  return {
    do: 'claim',
    device: deviceOf(device, names),
    namespace: namespaceOf(namespace, names),
    ...(map.isThere && { map: map.oneOf('dev', 'mem') }),
    ...(sectorSize.isThere && { sectorSize: sectorSize.count(0, 2 ** 32 - 1) }),
  }
}

function sizeOf(of: Unchecked): number | string {
  const { value } = of
  const isSize = (typeof value === 'number' || typeof value === 'string') && bytesOf(value) !== null
  return isSize ? value : of.fail('a size such as "256 MiB"')
}

/** A step, checked. @throws ScenarioError with its place. */
export function checkStep(step: Unchecked, names: Names): Step {
  const { value: given } = step
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, 'do')) return step.fail('a step: an object with "do"')
  const kind = (given as { do: unknown }).do
  switch (kind) {
    case 'bind':
    case 'unbind':
    case 'detach':
      return { do: kind, device: deviceOf(step.fields('do', 'device').device, names) }
    case 'store': {
      const { device, attribute, value } = step.fields('do', 'device', 'attribute', 'value')
      return {
        do: kind,
        device: deviceOf(device, names),
        attribute: attribute.text('the name of an attribute', /^[a-z_]{1,40}$/),
        value: value.text('what is written, at most 4096 characters', /^[^\0]{0,4096}$/),
      }
    }
    case 'claim':
      return checkClaim(step, names)
    case 'disable':
    case 'enable':
      return { do: kind, namespace: namespaceOf(step.fields('do', 'namespace').namespace, names) }
    case 'create-namespace': {
      const { region, size } = step.fields('do', 'region', 'size')
      return { do: kind, region: regionOf(region, names), ...(size.isThere && { size: sizeOf(size) }) }
    }
    case 'submit-bio':
      return checkBio(step, names)
    case 'touch': {
      const { file, page, pages } = step.fields('do', 'file', 'page', 'pages')
      return { do: kind, ...pagesOf(file, page, pages, names) }
    }
    case 'splice': {
      const { file, page, pages, pipe } = step.fields('do', 'file', 'page', 'pages', 'pipe')
      return { do: kind, pipe: label(pipe), ...pagesOf(file, page, pages, names) }
    }
    case 'close-pipe':
      return { do: kind, pipe: label(step.fields('do', 'pipe').pipe) }
    case 'direct-io': {
      const { file, page, pages, bio, pin } = step.fields('do', 'file', 'page', 'pages', 'bio', 'pin')
      return { do: kind, bio: label(bio), pin: pin.isThere && pin.flag(), ...pagesOf(file, page, pages, names) }
    }
    case 'end-bio':
      return { do: kind, bio: label(step.fields('do', 'bio').bio) }
    case 'truncate': {
      const { file, pages } = step.fields('do', 'file', 'pages')
      return { do: kind, file: fileOf(file, names), pages: pages.count(0, FILE_PAGES_MAX) }
    }
    case 'enter-queue':
    case 'exit-queue':
      return { do: kind, disk: diskOf(step.fields('do', 'disk').disk, names) }
    case 'sleep':
      return { do: kind, for: duration(step.fields('do', 'for').for) }
    case 'sleep-until':
      return { do: kind, time: duration(step.fields('do', 'time').time) }
    case 'signal':
    case 'wait-for':
      return { do: kind, signal: label(step.fields('do', 'signal').signal) }
    default:
      throw new ScenarioError(`${step.place}.do`, `there is no such step; known are ${KINDS.join(', ')}`)
  }
}
