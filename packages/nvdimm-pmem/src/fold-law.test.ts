// oxlint-disable vitest/no-conditional-expect -- which claim is made depends on the random run
/** The two laws, for a whole machine: three models folded from one log, each equal to its live object. */
import type { AnyEvent } from '@devtrail/events'
import { foll } from '@devtrail/memremap'
import { childrenOf, ownerOf, topOf } from '@devtrail/resource-tree'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { initial, Machine, step, type States } from '../test/machine.ts'

type Op = { op: 'probe' | 'remove' | 'enter' | 'exit' | 'gup' | 'put' | 'lookup' | 'unlook'; which: number; page: number }

const ops = fc.array(
  fc.record<Op>({
    op: fc.constantFrom('probe', 'probe', 'remove', 'enter', 'exit', 'gup', 'put', 'lookup', 'unlook'),
    which: fc.nat(1),
    page: fc.nat(2),
  }),
  { maxLength: 60, size: 'max' },
)

function run(commands: readonly Op[]): Machine {
  const m = new Machine()
  const held: ReturnType<typeof m.registry.getDevPagemap>[] = []
  for (const { op, which, page } of commands) {
    const pmem = m.devices[which]!
    const pfn = 0x101200 + which * 0x40000 + page
    m.emitter.actor = { pid: 1 + page, comm: 'task' }
    if (op === 'probe' && pmem.state === 'unbound') expect([0, -16]).toContain(pmem.probe())
    else if (op === 'remove' && pmem.state !== 'unbound') pmem.remove()
    else if (op === 'enter') pmem.queue?.enter({ nowait: true })
    else if (op === 'exit' && (pmem.queue?.inside ?? 0) > 0) pmem.queue!.exit()
    else if (op === 'gup') m.registry.getUserPages(pfn, 2, foll.GET)
    else if (op === 'put' && m.registry.countOf(pfn) > 1) m.registry.putPage(pfn)
    else if (op === 'lookup') held.push(m.registry.getDevPagemap(pfn))
    else if (op === 'unlook') m.registry.putDevPagemap(held.shift() ?? null)
  }
  return m
}

test('folding the log of a machine gives its tree, its pages, its disks and its queues', () => {
  fc.assert(
    fc.property(ops, (commands) => {
      const m = run(commands)
      const { tree, memory, pmem } = m.states
      const [top] = topOf(tree, 'iomem')
      expect(childrenOf(tree, top!).map((n) => [n.id, n.start, n.end, n.name])).toEqual(
        m.window.children.map((r) => [r.id, r.start, r.end, r.name]),
      )
      for (const node of childrenOf(tree, top!)) expect(ownerOf(tree, node.id)).toBe(node.name === 'namespace0.0' ? 1 : 2)
      for (const p of m.registry.pagemaps) {
        expect(new Map([...memory.pagemaps.get(p.id)!.pages.values()].map((page) => [page.pfn, page.refcount]))).toEqual(
          p.range.pages!.referenced(),
        )
      }
      for (const d of m.devices) {
        const disk = pmem.disks.get(d.spec.disk)
        if (d.state === 'bound') expect(disk).toMatchObject({ device: d.spec.device, state: 'added' })
        else expect(disk?.state ?? 'removed').toBe('removed')
        if (d.queue !== null && d.state === 'unbinding')
          expect(pmem.queues.get(d.queue.pointer)?.ref.count).toBe(d.queue.usage.isExited ? undefined : d.queue.usage.isZero ? 0 : null)
      }
    }),
    { numRuns: 300 },
  )
})

function fold(events: readonly AnyEvent[], states: States = initial()): States {
  for (const event of events) step(states, event)
  return states
}

test('a keyframe and the rest fold to the same states as everything', () => {
  fc.assert(
    fc.property(ops, fc.nat(), (commands, at) => {
      const { events } = run(commands)
      const cut = at % (events.length + 1)
      expect(fold(events.slice(cut), structuredClone(fold(events.slice(0, cut))))).toEqual(fold(events))
    }),
    { numRuns: 100 },
  )
})

test('a machine breaks no rule but the one that the kernel breaks', () => {
  fc.assert(
    fc.property(ops, (commands) => {
      for (const v of run(commands).violations) expect([v.rule, v.certainty]).toEqual(['memremap/referenced-at-removal', 'certain'])
      expect(run(commands.filter((c) => c.op !== 'gup')).violations).toEqual([])
    }),
    { numRuns: 200 },
  )
})
