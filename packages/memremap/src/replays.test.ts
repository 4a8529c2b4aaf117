/** The shapes of two real failures of Linux 6.1, made with the live registry, and their harmless twins. */
import { Ids, type Actor, type LogPayload } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { pmemLayout } from './altmap/pmem-layout.ts'
import type { DevPagemap } from './pagemap/dev-pagemap.ts'
import { foll } from './page/foll.ts'
import { memoryType } from './pagemap/memory-type.ts'
import { Judged } from '../test/judged.ts'
import { PagemapRegistry, type RegistryOptions } from './pagemap-registry.ts'

const START = 0x100000000n
const SIZE = 1n << 30n
const PIN: Actor = { pid: 135, comm: 'pin' }
const SH: Actor = { pid: 102, comm: 'sh' }
const TRUNCATE: Actor = { pid: 132, comm: 'truncate' }
const DIO: Actor = { pid: 130, comm: 'odirect' }

/** A machine with one fsdax namespace; every event is folded and judged as it is said. */
class Scene extends Judged {
  readonly registry: PagemapRegistry
  readonly pagemap: DevPagemap

  constructor(options: RegistryOptions = {}) {
    super()
    this.registry = new PagemapRegistry(this.emitter, new Ids(), options)
    const altmap = pmemLayout(START, SIZE, 'dev')!.altmap
    const p = this.registry.memremapPages(1, { start: START, end: START + SIZE - 1n }, memoryType.FS_DAX, { altmap })
    if (typeof p === 'number') throw new Error(`not mapped: ${p}`)
    this.pagemap = p
  }

  as<T>(actor: Actor, what: () => T): T {
    this.clock.advance(1_000_000)
    this.emitter.actor = actor
    return what()
  }

  ended(): void {
    this.emitter.emit<LogPayload>('log/ended', { complete: true })
  }

  seqs(type: string): number[] {
    return this.events.filter((e) => e.type === type).map((e) => e.seq)
  }
}

describe('memory removed under a reference (fsdax-pinned-unbind)', () => {
  const first = 0x109300

  test('pages grabbed, device unbound, memory removed: certain, with who took them and when', () => {
    const s = new Scene()
    s.as(PIN, () => expect(s.registry.getUserPages(first, 16, foll.GET | foll.WRITE)).toBe(16))
    s.as(SH, () => expect(s.registry.release(s.pagemap)).toBe(true))
    s.ended()
    const grabs = s.seqs('memremap/grabbed')
    const [removed] = s.seqs('memremap/memory-removed')
    expect(s.violations).toEqual([
      {
        rule: 'memremap/referenced-at-removal',
        certainty: 'certain',
        seq: removed,
        time: 2_000_000,
        device: 1,
        summary: 'memory was removed while 16 pages of it (pfn 0x109300..0x10930f) were still referenced, by pin (pid 135)',
        evidence: [...grabs, removed],
        data: {
          pages: { certain: 16, possible: 0 },
          firstPfn: '0x109300',
          lastPfn: '0x10930f',
          takenBy: [PIN],
          since: { first: grabs[0], last: grabs.at(-1) },
          pagemap: s.pagemap.pointer,
        },
        about: [{ first: 0x109300, last: 0x10930f }],
      },
    ])
  })

  test('what is put after the removal is memory that is gone', () => {
    const s = new Scene()
    s.as(PIN, () => s.registry.getUserPages(first, 1, foll.GET))
    s.as(SH, () => s.registry.release(s.pagemap))
    expect(s.as(PIN, () => s.registry.putPage(first))).toBe('gone')
    expect(s.violations.map(({ rule, certainty }) => [rule, certainty])).toEqual([
      ['memremap/referenced-at-removal', 'certain'],
      ['memremap/put-after-removal', 'certain'],
    ])
    expect(s.violations[1]).toMatchObject({
      device: 1,
      summary: `page 0x109300 was put by pin (pid 135) after the memory was removed: the put went nowhere`,
      about: [{ first, last: first }],
    })
  })

  test('and is out no longer: nobody will give it back a second time; what was not put still is', () => {
    const s = new Scene()
    s.as(PIN, () => s.registry.getUserPages(first, 3, foll.GET))
    s.as(SH, () => s.registry.release(s.pagemap))
    s.as(PIN, () => s.registry.putPage(first + 1))
    const [pagemap] = s.state.pagemaps.values()
    expect([...pagemap!.pages.keys()].toSorted((a, b) => a - b)).toEqual([first, first + 2])
  })

  test('twin: the pages are given back first', () => {
    const s = new Scene()
    s.as(PIN, () => s.registry.getUserPages(first, 16, foll.GET))
    s.as(PIN, () => expect(s.registry.putPages(first, 16, 'get', 'put_page')).toBe('idle'))
    s.as(SH, () => s.registry.release(s.pagemap))
    s.ended()
    expect(s.violations).toEqual([])
  })

  test('twin: they are given back while the unmapping waits for a lookup under way', () => {
    const s = new Scene()
    const held = s.as(PIN, () => s.registry.getDevPagemap(first))
    s.as(PIN, () => s.registry.grabPage(first, foll.PIN))
    s.as(SH, () => expect(s.registry.release(s.pagemap)).toBe(false))
    s.as(PIN, () => {
      s.registry.putPage(first, 'pin')
      s.registry.putDevPagemap(held)
    })
    s.as(SH, () => expect(s.registry.memunmapPages(s.pagemap)).toBe(true))
    s.ended()
    expect(s.violations).toEqual([])
  })
})

describe('a waiter that nobody wakes (fsdax-truncate-hang)', () => {
  const page = 0x109300

  function waiting(options: RegistryOptions = {}): Scene {
    const s = new Scene(options)
    s.as(DIO, () => s.registry.getUserPages(page, 1, foll.GET))
    s.as(TRUNCATE, () => expect(s.registry.startIdleWait([page - 1, page]).waitsFor).toBe(page))
    return s
  }

  test('the end of a bio drops the last reference: the page is idle, the task sleeps on', () => {
    const s = waiting()
    s.as({ pid: 0, comm: '<idle>' }, () => expect(s.registry.putPage(page, 'get', 'bio')).toBe('idle'))
    s.ended()
    expect(s.registry.waits.sleeping.has(132)).toBe(true)
    expect(s.violations).toMatchObject([
      {
        rule: 'memremap/idle-waiter-not-woken',
        certainty: 'certain',
        seq: s.seqs('memremap/put')[0],
        evidence: [s.seqs('memremap/idle-wait-started')[0], s.seqs('memremap/busy-looked-up')[0], s.seqs('memremap/put')[0]],
        data: { pfn: '0x109300', waiter: TRUNCATE, call: 'ext4_break_layouts', waitingSince: '0.002000', idleSince: '0.003000' },
      },
    ])
  })

  test('twin: put_page wakes it; it looks again, finds nothing and returns', () => {
    const s = waiting()
    s.as(DIO, () => s.registry.putPage(page))
    s.ended()
    expect(s.registry.waits.sleeping.size).toBe(0)
    expect(s.violations).toEqual([])
    const [put] = s.seqs('memremap/put')
    const ended = s.events.find((e) => e.type === 'memremap/idle-wait-ended')!
    expect(ended).toMatchObject({ actor: TRUNCATE, cause: [put], data: { errno: 0 } })
    expect(s.emitter.actor).toBe(DIO)
  })

  test('twin: the page is still referenced, so the wait is what it should be', () => {
    const s = waiting()
    s.as(PIN, () => s.registry.grabPage(page, foll.PIN))
    s.as(DIO, () => expect(s.registry.putPage(page, 'get', 'bio')).toBe('referenced'))
    s.ended()
    expect(s.violations).toEqual([])
  })

  test('a task that is woken too late for its page goes on waiting', () => {
    const runQueue: (() => void)[] = []
    const s = waiting({ schedule: (task) => runQueue.push(task) })
    s.as(DIO, () => s.registry.putPage(page))
    s.as(PIN, () => s.registry.grabPage(page, foll.GET))
    runQueue.shift()!()
    expect(s.registry.waits.sleeping.get(132)!.waitsFor).toBe(page)
    s.as(PIN, () => s.registry.putPage(page))
    runQueue.shift()!()
    s.ended()
    expect(s.registry.waits.sleeping.size).toBe(0)
    expect(s.violations).toEqual([])
  })

  test('a task cannot wait twice, and nobody cannot wait', () => {
    const s = waiting()
    expect(() => s.as(TRUNCATE, () => s.registry.startIdleWait([page]))).toThrow('found 132')
    s.emitter.actor = null
    expect(() => s.registry.startIdleWait([page])).toThrow('found none')
  })
})
