/** What explains, as its users ask it: the crash and the hang tell their stories from nothing but their recordings. */
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

const scratch = new Scratch()
afterAll(() => scratch[Symbol.dispose]())

const CRASH = recording('fsdax-pinned-unbind')
const HANG = recording('fsdax-truncate-hang')
const PAGEMAP = 'pagemaps[0x100000000]'

describe('the story of the crash', () => {
  test('who took a page, when, and through which lookup', async () => {
    const at = '224'
    const page = await scratch.json(['blame', CRASH, '--device', 'pmem0', '--path', `${PAGEMAP}.pageRefs[0x109300]`, '--at', at])
    expect(page).toMatchObject({
      schemaVersion: 1,
      at: { seq: 224 },
      device: 'pfn0.0',
      value: { pfn: '0x109300', pages: 1, refcount: 2, kind: 'get', takenBy: { pid: 135, comm: 'pin' } },
      seq: 38,
      event: { type: 'memremap/grabbed', time: '8.342425', actor: { pid: 135, comm: 'pin' }, cause: [37] },
      before: false,
      lookup: { seq: 36, type: 'memremap/looked-up', actor: { pid: 135 }, cause: [34], data: { pfn: '0x109300' } },
    })
    expect((await scratch.json(['why', CRASH, '38'])).lookup).toEqual(page.lookup)
    expect((await scratch.run(['why', CRASH, '38'])).out).toMatch(/through the lookup\n *36 /)
    // What took no page rests on no lookup.
    expect((await scratch.json(['why', CRASH, '224'])).lookup).toBe(undefined)
    expect((await scratch.json(['why', CRASH, '36'])).chain).toMatchObject([{ seq: 34, type: 'memremap/lookup-started' }])
    const all = await scratch.json(['bisect', CRASH, '--device', 'pfn0.0', '--when', `count(${PAGEMAP}.pageRefs) == 16`])
    expect(all.first).toMatchObject({ seq: 98, event: { actor: { comm: 'pin' } } })
  })

  test('who removed the memory, and why', async () => {
    const removed = await scratch.run(['events', CRASH, '--where', 'type == "memremap/memory-removed"', '--json'])
    const { seq, actor } = JSON.parse(removed.out)
    expect([seq, actor.comm]).toEqual([224, 'sh'])
    const { chain } = await scratch.json(['why', CRASH, String(seq)])
    expect(chain.map((e: { seq: number; type: string; distance: number }) => [e.seq, e.type, e.distance])).toEqual([
      [220, 'memremap/unmap-started', 1],
      [105, 'devres/release-all-started', 2],
      [104, 'devres/unbind-cleanup-started', 3],
    ])
    const marked = await scratch.run(['events', CRASH, '--where', 'pid == 102 && text ~ "unbind*"', '--json'])
    expect(JSON.parse(marked.out)).toMatchObject({ seq: 99, time: '9.321542' })
    const unbinding = await scratch.json(['bisect', CRASH, '--device', 'pfn0.0', '--when', 'driver.state == "unbinding"'])
    expect(unbinding.first.seq).toBe(102)
  })

  test('what was still out then, and that nothing held it back', async () => {
    const { refs } = await scratch.json(['refs', CRASH, '--at', '224'])
    expect(refs.find((r: { of: string }) => r.of === 'page')).toMatchObject({
      pages: 16,
      certain: true,
      takenBy: { comm: 'pin' },
      since: { first: 38 },
    })
    const gone = await scratch.json(['blame', CRASH, '--device', 'pfn0.0', '--path', `${PAGEMAP}.state`])
    expect(gone).toMatchObject({ value: false, seq: 225, event: { type: 'memremap/unmapped' } })
    const none = await scratch.json(['bisect', CRASH, '--device', 'pfn0.0', '--when', 'count(pagemaps) == 0'])
    expect(none.first.seq).toBe(225)
    const ref = await scratch.json(['blame', CRASH, '--device', 'pfn0.0', '--path', `${PAGEMAP}.ref.count`, '--at', '224'])
    expect(ref).toMatchObject({ value: 0, seq: 222, event: { type: 'memremap/ref-released' } })
    const dying = await scratch.json([
      'bisect',
      CRASH,
      '--when',
      `device("pfn0.0").${PAGEMAP}.ref.dying && count(device("pfn0.0").${PAGEMAP}.pageRefs) > 0`,
    ])
    expect(dying.first.seq).toBe(222)
    const { changes } = await scratch.json(['diff', CRASH, '--from', '37', '--to', '224', '--device', 'pfn0.0'])
    const pages = changes.filter((c: { path: string }) => c.path.includes('pageRefs'))
    expect(pages).toHaveLength(16)
    expect(pages[15]).toMatchObject({ device: 'pfn0.0', path: `${PAGEMAP}.pageRefs[0x10930f]`, from: false, seq: 98 })
  })

  test('where the kernel first noticed', async () => {
    const { violations } = await scratch.json(['check', CRASH])
    const [worst] = violations.filter((v: { rule: string }) => v.rule === 'memremap/referenced-at-removal')
    expect(worst).toMatchObject({ certainty: 'certain', seq: 224, data: { pages: { certain: 16 } } })
    const first = await scratch.run(['events', CRASH, '--where', 'type == "kernel/warned"', '--limit', '1', '--json'])
    expect(JSON.parse(first.out)).toMatchObject({ seq: 113, time: '9.333296' })
    const warned = await scratch.json(['why', CRASH, '113'])
    expect(warned.chain.map((e: { seq: number }) => e.seq)).toEqual([112, 105, 104])
    // What it was the first sign of was not broken yet.
    expect(warned.explainedBy).toBe(undefined)
  })

  test('of the crash itself, the rule that was broken before it, and who did', async () => {
    const { chain, explainedBy } = await scratch.json(['why', CRASH, '245'])
    expect(chain.map((e: { seq: number }) => e.seq)).toEqual([244])
    expect(explainedBy).toMatchObject([
      { rule: 'memremap/referenced-at-removal', certainty: 'certain', seq: 224, device: 'pfn0.0', data: { takenBy: [{ comm: 'pin' }] } },
    ])
    const { evidence, events } = explainedBy[0]
    expect(events.map((e: { seq: number }) => e.seq)).toEqual(evidence)
    expect(evidence.at(-1)).toBe(245)
    expect((await scratch.run(['why', CRASH, '245'])).out).toContain('explained by a broken rule')
  })
})

describe('the story of the hang', () => {
  test('who waits for which page since when, and who has it', async () => {
    const { tasks } = await scratch.json(['stuck', HANG])
    const [task] = tasks.filter((t: { comm: string }) => t.comm === 'truncate')
    const call = task.calls.find((c: { call: string }) => c.call === 'break_layouts')
    expect(call).toMatchObject({
      function: 'ext4_break_layouts',
      since: { seq: 4111, time: '12.385952' },
      data: { pfn: '0x109300', idleSince: '24.320642' },
    })
    const page = await scratch.json([
      'blame',
      HANG,
      '--device',
      'pmem0',
      '--path',
      'pagemaps["0xff29ac4c01a130b0"].pageRefs[0x109300].refcount',
      '--at',
      '4113',
    ])
    expect(page).toMatchObject({ value: 2, seq: 17, event: { type: 'memremap/grabbed', actor: { pid: 130, comm: 'pin' } } })
    const { refs } = await scratch.json(['refs', HANG, '--at', '4113'])
    expect(refs.find((r: { of: string }) => r.of === 'page')).toMatchObject({ pfn: '0x109300', takenBy: { comm: 'pin' }, refcount: 2 })
    expect((await scratch.json(['refs', HANG, '--device', 'namespace0.0', '--at', '4113'])).refs).toEqual(refs)
  })

  test('which event should have woken it, and that it was one that wakes nobody', async () => {
    const { changes } = await scratch.json(['diff', HANG, '--from', '4113', '--to', 'end'])
    const [page] = changes.filter((c: { path: string }) => c.path.includes('pageRefs[0x109300]'))
    expect(page).toMatchObject({ seq: 4115, perhaps: { from: true } })
    // Whose pagemap it is never showed: so it is not known whether the namespace has any such page, and said so.
    const never = ['bisect', HANG, '--device', 'namespace0.0', '--when', 'count(pagemaps[0xff29ac4c01a130b0].pageRefs) > 0']
    expect((await scratch.run(never)).out).toMatch(/^never known to be true in \d+ events: it is not known all along\n$/)
    expect(await scratch.json(never)).toMatchObject({ first: null, notKnown: { first: 0, events: 4129 } })
    const put = await scratch.run(['events', HANG, '--from', '4115', '--to', '4115', '--json'])
    expect(JSON.parse(put.out)).toMatchObject({ type: 'memremap/put', data: { how: 'bio' }, actor: { pid: 0 } })
    expect((await scratch.json(['why', HANG, '4115'])).chain).toMatchObject([{ seq: 4114, type: 'memremap/bio-released' }])
    const { violations } = await scratch.json(['check', HANG])
    expect(violations).toMatchObject([{ rule: 'memremap/idle-waiter-not-woken', certainty: 'certain', seq: 4115 }])
    // The rule is judged at the log's end, and told of each event that proves it.
    for (const seq of ['4111', '4115']) {
      const { explainedBy } = await scratch.json(['why', HANG, seq])
      expect(explainedBy).toMatchObject([{ rule: 'memremap/idle-waiter-not-woken', seq: 4115, data: { waiter: { comm: 'truncate' } } }])
    }
    expect((await scratch.json(['why', HANG, '4114'])).explainedBy).toBe(undefined)
  })
})

test('of a recording whose beginning was overwritten: nodes of iomem were sure before, and time begins with what was recorded', async () => {
  const cut = recording('fsdax-gup-overwritten')
  const { changes } = await scratch.json(['diff', cut, '--from', 'start', '--to', 'end'])
  const unsure = changes.filter((c: { path: string }) => /^iomem.*\.sure$/.test(c.path))
  expect(unsure.length).toBeGreaterThan(20)
  expect(new Set(unsure.map(({ from, to }: { from: unknown; to: unknown }) => `${String(from)} ${String(to)}`))).toEqual(
    new Set(['true false']),
  )
  expect(await scratch.json(['info', cut])).toMatchObject({ first: { time: '44.028006' }, last: { time: '44.185674' } })
})

describe('exit codes and errors', () => {
  test.each([
    [0, ['bisect', CRASH, '--device', 'pfn0.0', '--when', 'disk.state == "removed"']],
    [1, ['bisect', CRASH, '--device', 'pfn0.0', '--when', 'disk.state == "added"']],
    [1, ['diff', CRASH, '--from', '100', '--to', '110']],
    [0, ['diff', CRASH, '--from', '150', '--to', '151']],
    [2, ['bisect', CRASH, '--when', 'driver.state == "bound"']],
    [2, ['bisect', CRASH, '--when', 'device("pfn0.0").driver.stat == "bound"']],
    [2, ['events', CRASH, '--where', 'pfn ==']],
    [2, ['blame', CRASH, '--device', 'pfn0.0', '--path', 'driver..state']],
    [2, ['blame', CRASH, '--device', 'pfn0.0', '--path', 'driver.stat']],
    [2, ['blame', CRASH, '--device', 'pfn0.0']],
    [2, ['why', CRASH, 'x']],
    [2, ['events', CRASH, '--from', '200', '--to', '100']],
    [2, ['events', CRASH, '--from', '9.5s', '--to', '9.4999s']],
    [2, ['events', CRASH, '--from', '@261', '--to', '@260']],
    [2, ['events', CRASH, '--from', 'end', '--to', '@260']],
    [0, ['events', CRASH, '--from', '@260', '--to', '@260']],
    [2, ['events', CRASH, '--where', 'data["nosuch"] == 1']],
    [2, ['events', `${CRASH}/trace.txt`, '--follow']],
    [2, ['events', '-', '--follow']],
    [2, ['check', '-', '--follow']],
    [2, ['bisect', `${CRASH}/trace.txt`, '--follow', '--when', 'device("pfn0.0").driver.state == "bound"']],
    [4, ['why', CRASH, '99999']],
    [4, ['blame', CRASH, '--device', 'pfn9.9', '--path', 'driver.state']],
    [4, ['bisect', CRASH, '--device', 'pfn9.9', '--when', 'driver.state == "bound"']],
    [4, ['diff', CRASH, '--from', '99999']],
    [4, ['diff', CRASH, '--from', '1', '--device', 'pfn9.9']],
  ] as const)('%i: %j', async (expected, args) => {
    const { code, out, err } = await scratch.run(args)
    expect(code).toBe(expected)
    expect([out === '', /^(?:devtrail|error): /.test(err)]).toEqual(expected > 1 ? [true, true] : [false, false])
  })

  test.each([
    ['count(pagemaps[0x100000000]) == 0', 'count(…) takes a list'],
    ['count(driver.state) == 0', 'state is no list'],
    ['time > 9.4', 'events --where'],
  ])('bisect --when %s is refused', async (when, said) => {
    const { code, err } = await scratch.run(['bisect', CRASH, '--device', 'pfn0.0', '--when', when])
    expect([code, err]).toEqual([2, expect.stringContaining(said)])
  })

  test('an error points at the character', async () => {
    const { err } = await scratch.run(['bisect', CRASH, '--device', 'pfn0.0', '--when', 'pagemaps[0x100000000].ref.dyin'])
    expect(err).toBe(
      [
        'devtrail: there was never a field "dyin" here; there are id, mode, dying, count',
        '  pagemaps[0x100000000].ref.dyin',
        '                            ^',
        '',
      ].join('\n'),
    )
  })
})

test('refs: where not all puts are shown no reference is certain; grabs that come by the thousand are no exception', async () => {
  const pinned = await scratch.json(['refs', join(recording(''), '../linux-7.2/fsdax-pinned-unbind'), '--at', '57s'])
  expect(pinned.refs[0]).toMatchObject({ of: 'page', certain: false, pages: 16, refcount: { atLeast: 1, atMost: 2 } })
})

test('stuck: a call is counted to the time that is asked about, in a stretch without events, too', async () => {
  expect((await scratch.run(['stuck', HANG, '--at', '20s'])).out).toContain('since 12.385952, for 7.614 s')
  // Past the end of the log nothing is known.
  const [atEnd, later] = [await scratch.run(['stuck', HANG]), await scratch.run(['stuck', HANG, '--at', '9999s'])]
  expect(later.out).toBe(atEnd.out)
})
