/** The values that a machine shows, for whoever asks for single ones. */
import type { ListKeys, Looking, Model } from '@devtrail/events'
import { ABSENT, found, UNKNOWN, type Found } from '../expression/found.ts'
import { lookUp, type Lists, type OnStep } from '../expression/look-up.ts'
import type { Key, Step } from '../expression/syntax.ts'
import type { Machine } from '../machine.ts'
import { tellersOf } from './touch.ts'

/** The lists in what models show. */
export function listsOf(models: readonly Model[]): Lists {
  return new Map(models.flatMap((m): [string, ListKeys][] => Object.entries(m.views?.lists ?? {})))
}

/** Every part of a device, with what is otherwise folded one by one. */
export function viewOf(machine: Machine, device: number): { readonly [part: string]: unknown } {
  return machine.describe(device, machine.models, CLOSELY)
}

const CLOSELY: Looking = {}

/** The one element of each list that a path goes through. */
function lookingFor(steps: readonly Step[], counted: string | undefined): Looking {
  const keys = new Map<string, Key>()
  for (const [i, step] of steps.entries()) {
    const list = steps[i - 1]
    if (step.kind === 'key' && list?.kind === 'field') keys.set(list.name, step.key)
  }
  return counted === undefined ? { keys } : { keys, counted }
}

/** One part of a device; of the machine as a whole when no device is given. Not known when nothing shows it. */
function partOf(machine: Machine, device: number | null, part: string, looking: Looking): Found {
  for (const model of tellersOf(machine.models, { dotted: part, device })) {
    const parts = device === null ? machine.overall([model]) : machine.describe(device, [model], looking)
    if (Object.hasOwn(parts, part)) return found(parts[part])
  }
  return UNKNOWN
}

/** The value at a path of a device; of the machine as a whole when no device is given. `counted`: the list there is only counted. */
export function valueAt(
  machine: Machine,
  device: number | null,
  [first, ...rest]: readonly Step[],
  lists: Lists,
  onStep?: OnStep,
  counted?: string,
): Found {
  if (first?.kind !== 'field') return ABSENT
  return lookUp(partOf(machine, device, first.name, lookingFor([first, ...rest], counted)), first.name, rest, lists, onStep)
}

/** What models show of the machine as a whole. */
export function overallOf(machine: Machine): { readonly [part: string]: unknown } {
  return machine.overall()
}

/** Some parts of a device, with what is otherwise folded one by one. */
export function partsOfDevice(machine: Machine, device: number, parts: ReadonlySet<string>): { readonly [part: string]: unknown } {
  const models = machine.models.filter((m) => m.views === undefined || m.views.parts.some((part) => parts.has(part)))
  return machine.describe(device, models, CLOSELY)
}
