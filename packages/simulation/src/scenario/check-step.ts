import type { PagesOf, Step } from './scenario.ts'
import { ScenarioError, type Unchecked } from './place.ts'
import { nanosecondsOf } from './units.ts'

/** Pages of one file. */
export const FILE_PAGES_MAX = 1 << 16

/** What steps may name. */
export interface Names {
  readonly devices: ReadonlySet<string>
  readonly disks: ReadonlySet<string>
  /** Files and how many pages they have. */
  readonly files: ReadonlyMap<string, number>
}

const KINDS = [
  'bind',
  'unbind',
  'detach',
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

function known(of: Unchecked, names: Iterable<string>, what: string): string {
  const there = [...names]
  if (typeof of.value === 'string' && there.includes(of.value)) return of.value
  return of.fail(`a ${what} (${there.length === 0 ? 'there is none' : there.slice(0, 8).join(', ')})`)
}

function pagesOf(file: Unchecked, page: Unchecked, pages: Unchecked, names: Names): PagesOf {
  const name = known(file, names.files.keys(), 'file of the scenario')
  const all = names.files.get(name)!
  const first = page.isThere ? page.count(0, all - 1) : 0
  return { file: name, page: first, pages: pages.isThere ? pages.count(1, all - first) : all - first }
}

function duration(of: Unchecked): string {
  const text = of.text('a time such as "1s", "200ms" or "5us"', /^[\d.]{1,20}(s|ms|us|ns)$/)
  return nanosecondsOf(text) === null ? of.fail('a time such as "1s", "200ms" or "5us"') : text
}

const label = (of: Unchecked): string => of.text('a name', LABEL)

/** A step, checked. @throws ScenarioError with its place. */
export function checkStep(step: Unchecked, names: Names): Step {
  const { value } = step
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'do')) return step.fail('a step: an object with "do"')
  const kind = (value as { do: unknown }).do
  switch (kind) {
    case 'bind':
    case 'unbind':
    case 'detach':
      return { do: kind, device: known(step.fields('do', 'device').device, names.devices, 'device of the scenario') }
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
      return { do: kind, file: known(file, names.files.keys(), 'file of the scenario'), pages: pages.count(0, FILE_PAGES_MAX) }
    }
    case 'enter-queue':
    case 'exit-queue':
      return { do: kind, disk: known(step.fields('do', 'disk').disk, names.disks, 'disk of the scenario') }
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
