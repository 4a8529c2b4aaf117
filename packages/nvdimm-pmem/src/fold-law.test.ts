// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** The two laws, for a whole machine of either era: five models folded from one log, each equal to its live object. */
import type { AnyEvent } from '@devtrail/events'
import { foll, type RulesName } from '@devtrail/memremap'
import { childrenOf, topOf } from '@devtrail/resource-tree'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NdClaimant } from './bus/nd-claimant.ts'
import type { NdDevice } from './bus/nd-device.ts'
import { Pmem } from './driver/pmem.ts'
import { eras, initial, Lab, MIB, START, step, type States } from '../test/machine.ts'

const KINDS = ['namespace', 'pfn', 'btt'] as const

interface Op {
  readonly op: 'bind' | 'unbind' | 'claim' | 'letGo' | 'write' | 'read' | 'gup' | 'put' | 'fail' | 'mode' | 'raw'
  readonly kind: (typeof KINDS)[number]
  readonly n: number
}

const ops = fc.array(
  fc.record<Op>({
    op: fc.constantFrom('bind', 'bind', 'unbind', 'claim', 'letGo', 'write', 'read', 'gup', 'put', 'fail', 'mode', 'raw'),
    kind: fc.constantFrom(...KINDS),
    n: fc.nat(7),
  }),
  { maxLength: 30, size: 'max' },
)

/** Runs commands; pages that are taken are given back before anything is unbound, which would wait for them. */
function run(rules: RulesName, commands: readonly Op[]): Lab {
  const failing = { queue: false, disk: false, pages: false }
  const lab = new Lab({
    rules,
    region: { size: 128 * MIB },
    faults: {
      queue: () => !failing.queue,
      disk: () => !failing.disk,
      addMemory: (pfn) => (failing.pages ? { pfn, errno: -12 } : null),
    },
  })
  const { machine, region } = lab
  const held: number[] = []
  const giveBack = (): void => {
    for (const pfn of held.splice(0)) machine.registry.putPage(pfn)
  }
  for (const { op, kind, n } of commands) {
    const device = deviceOf(lab, kind)
    lab.emitter.actor = { pid: 1 + n, comm: 'task' }
    if (op === 'bind') machine.bind(device)
    else if (op === 'unbind') {
      giveBack()
      machine.unbind(device)
    } else if (op === 'claim' && device instanceof NdClaimant) {
      device.store('uuid', machine.newUuid())
      device.store(kind === 'btt' ? 'sector_size' : 'mode', kind === 'btt' ? '4096' : 'pmem')
      device.store('namespace', region.namespaces[0]!.name)
    } else if (op === 'letGo') device.store('namespace', '')
    else if (op === 'mode') device.store('mode', n % 2 === 0 ? 'ram' : 'pmem')
    else if (op === 'raw') region.namespaces[0]!.store('force_raw', `${n % 2}`)
    else if (op === 'write' || op === 'read') diskOf(device)?.submit(op, n * 8, new Uint8Array(4096).fill(n))
    else if (op === 'gup') held.push(...pagesTaken(lab, n))
    else if (op === 'put') giveBack()
    else if (op === 'fail') {
      failing.queue = n === 1
      failing.disk = n === 2
      failing.pages = n === 3
    }
  }
  return lab
}

function deviceOf({ region }: Lab, kind: Op['kind']): NdDevice {
  if (kind === 'namespace') return region.namespaces[0]!
  return region.devices.find((d) => d.kind === kind && d instanceof NdClaimant && d.ndns !== null) ?? region.seed(kind)
}

const diskOf = ({ drvdata, live }: NdDevice): Pmem['disk'] => (drvdata instanceof Pmem && live.state === 'bound' ? drvdata.disk : null)

function pagesTaken({ machine }: Lab, n: number): number[] {
  const pfn = Number(START >> 12n) + 0x4000 + n
  return machine.registry.getUserPages(pfn, 1, foll.GET) === 1 ? [pfn] : []
}

describe.each(eras)('%s', (rules) => {
  test('folding the log of a machine gives its tree, its devices, its disks, its queues and who holds what', () => {
    fc.assert(
      fc.property(ops, (commands) => {
        const lab = run(rules, commands)
        const { tree, devices, pmem } = lab.states
        const [top] = topOf(tree, 'iomem')
        expect(childrenOf(tree, top!).map((n) => [n.start, n.end, n.name])).toEqual(
          lab.machine.iomem.root.children[0]!.children.map((r) => [r.start, r.end, r.name]),
        )
        for (const device of lab.region.devices) {
          const folded = devices.devices.get(device.id)!
          expect([device.name, folded.driver.state, folded.nodes.known.map((node) => node.release)]).toEqual([
            device.name,
            device.live.state,
            device.live.resources.list().map((r) => r.release),
          ])
          const disk = diskOf(device)
          if (disk === null) continue
          expect(pmem.disks.get(disk.name)).toMatchObject({ device: device.id, state: 'added' })
          const queue = pmem.queues.get(disk.queue.pointer)!
          expect([queue.frozen, queue.dying, queue.owned]).toEqual([disk.queue.frozen, disk.queue.dying, 'owned'])
        }
        const [ns] = lab.region.namespaces
        expect(pmem.holders.get(ns!.id) ?? null).toBe(ns!.claim?.name ?? null)
        expect(ns!.claim === null || ns!.claim.ndns === ns).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('a keyframe and the rest fold to the same states as everything', () => {
    fc.assert(
      fc.property(ops, fc.nat(), (commands, at) => {
        const { events } = run(rules, commands)
        const cut = at % (events.length + 1)
        expect(fold(events.slice(cut), structuredClone(fold(events.slice(0, cut))))).toEqual(fold(events))
      }),
      { numRuns: 40 },
    )
  })

  test('a machine breaks no rule but those that its era is known to break', () => {
    const known = {
      seed: ['nvdimm-pmem/counter-dangles', 'nvdimm-pmem/queue-leaked', 'memremap/mapping-left'],
      'linux-6.1': [] as string[],
    }[rules]
    fc.assert(
      fc.property(ops, (commands) => {
        for (const rule of run(rules, commands).broken()) expect(known).toContain(rule)
      }),
      { numRuns: 100 },
    )
  })
})

function fold(events: readonly AnyEvent[], states: States = initial()): States {
  for (const event of events) step(states, event)
  return states
}
