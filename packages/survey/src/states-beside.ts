import { differences, listsOf, overallOf, viewOf, type Change, type Machine } from '@devtrail/time-travel'
import { models } from './models.ts'
import type { Names } from './names.ts'

const lists = listsOf(models)

/** Values that are identities and numberings of one log: they say nothing about another. */
const OWN: ReadonlySet<string> = new Set(['id', 'node', 'pointer', 'page', 'word', 'first', 'last', 'learntAt', 'addedAt', 'seq', 'pid'])

const isOwn = ({ steps }: Change): boolean => steps.some((step) => step.kind === 'field' && OWN.has(step.name))

/** A change, and the device it is of by the key that both logs have for it; null: the machine as a whole. */
export interface ChangeBeside {
  readonly key: string | null
  readonly change: Change
}

/** What is different of the devices that two logs have, each as it is last; devices that only one has are not compared. */
export function statesBeside(
  here: { readonly machine: Machine; readonly names: Names },
  there: { readonly machine: Machine; readonly names: Names },
  wanted: (key: string) => boolean = () => true,
): ChangeBeside[] {
  const byKey = ({ machine, names }: typeof here): Map<string, number> =>
    new Map(machine.devices().flatMap((d) => (d.bookkeeping ? [] : [[names.device(d.id), d.id] as const])))
  const [mine, others] = [byKey(here), byKey(there)]
  const ofDevices = [...mine].flatMap(([key, id]): ChangeBeside[] => {
    const other = others.get(key)
    if (other === undefined || !wanted(key)) return []
    return differences(id, viewOf(here.machine, id), viewOf(there.machine, other), lists).map((change) => ({ key, change }))
  })
  const ofMachine = differences(null, overallOf(here.machine), overallOf(there.machine), lists).map((change) => ({ key: null, change }))
  return [...ofDevices, ...ofMachine].filter(({ change }) => !isOwn(change))
}
