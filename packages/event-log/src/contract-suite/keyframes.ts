import type { AckLevel, LogStore } from '../contract.ts'
import { KEYFRAME_PARTS_MAX, NAME_CHARS_MAX, PART_BYTES_MAX, PART_NAME_CHARS_MAX } from '../limits.ts'
import { sampleEvent, sampleEvents, sampleMeta } from '../samples.ts'
import { noise, storedIn, refusal, filled, type TestApi, type Fresh } from './suite-api.ts'

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list)
const FOLD = 'sample-1'

type Parts = { readonly [name: string]: Uint8Array | null }

/** The parts of a keyframe as an object, its `seq` first; null when there is none. */
async function keyframeAt(store: LogStore, atOrBefore: number, fold = FOLD): Promise<readonly [number, Parts] | null> {
  await using reader = await store.open()
  const found = await reader.keyframe(fold, atOrBefore)
  return found && [found.seq, Object.fromEntries(found.parts)]
}

async function seqsOf(store: LogStore, fold = FOLD): Promise<readonly number[]> {
  await using reader = await store.open()
  return await reader.keyframes(fold)
}

export function keyframeTests({ test, expectEqual }: TestApi, fresh: Fresh, strongest: AckLevel): void {
  test('a keyframe is found at its seq and after, until the next one', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(5, { baseline: 2 }))
    const parts = { empty: bytes(), large: noise(70_017), small: bytes(1, 2, 0) }
    expectEqual(await writer.keyframe(FOLD, { since: null, parts: Object.entries(parts).toReversed() }), strongest)
    await writer.append(sampleEvents(9, { first: 6 }))
    await writer.keyframe(FOLD, { since: null, parts: [['other', bytes(9)]] })
    await writer.flush('written')
    expectEqual(await seqsOf(store), [5, 9])
    expectEqual(await keyframeAt(store, 4), null)
    for (const at of [5, 6, 8]) expectEqual(await keyframeAt(store, at), [5, parts])
    for (const at of [9, 10, Infinity]) expectEqual(await keyframeAt(store, at), [9, { other: bytes(9) }])
    expectEqual([await seqsOf(store, 'other-1'), await keyframeAt(store, 9, 'other-1')], [[], null])
    await using reader = await store.open()
    for (const bad of [-1, 0.5, Number.NaN]) await refusal(() => reader.keyframe(FOLD, bad), 'bad-range')
    expectEqual([...((await reader.keyframe(FOLD, 5))?.parts.keys() ?? [])], ['empty', 'large', 'small'])
  })

  test('only what changed is handed in; every keyframe has all its parts', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const a = noise(2000)
    for (const [since, parts] of [
      [null, { a, b: bytes(1), c: bytes(1) }],
      [1, { b: bytes(2), c: null, d: bytes(2), never: null }],
      [2, { b: bytes(3) }],
      [1, { c: bytes(4) }],
      [null, { e: bytes(5) }],
    ] as const) {
      await writer.append([sampleEvent(writer.lastSeq + 1)])
      await writer.keyframe(FOLD, { since, parts: Object.entries(parts) })
    }
    await writer.close()
    const next = await store.append()
    await next.append([sampleEvent(6)])
    await next.keyframe(FOLD, { since: 3, parts: [['d', null]] })
    await next.append([sampleEvent(7)])
    await next.keyframe(FOLD, { since: 6, parts: [] })
    await next.close()
    const all: readonly Parts[] = [
      { a, b: bytes(1), c: bytes(1) },
      { a, b: bytes(2), d: bytes(2) },
      { a, b: bytes(3), d: bytes(2) },
      { a, b: bytes(1), c: bytes(4) },
      { e: bytes(5) },
      { a, b: bytes(3) },
      { a, b: bytes(3) },
    ]
    for (const [i, parts] of all.entries()) expectEqual(await keyframeAt(store, i + 1), [i + 1, parts])
  })

  test('a keyframe may be made later, also between others, which do not change', async () => {
    const store = await fresh()
    await filled(store, sampleEvents(20, { baseline: 1 }))
    const writer = await store.append()
    for (const [at, since, n] of [
      [10, null, 1],
      [20, 10, 2],
      [15, 10, 3],
      [5, null, 4],
    ] as const) {
      await writer.keyframe(FOLD, { at, since, parts: [[`part-${n}`, bytes(n)]] })
    }
    await writer.close()
    expectEqual(await seqsOf(store), [5, 10, 15, 20])
    expectEqual(await keyframeAt(store, 9), [5, { 'part-4': bytes(4) }])
    expectEqual(await keyframeAt(store, 19), [15, { 'part-1': bytes(1), 'part-3': bytes(3) }])
    expectEqual(await keyframeAt(store, 20), [20, { 'part-1': bytes(1), 'part-2': bytes(2) }])
    expectEqual(await storedIn(store), sampleEvents(20, { baseline: 1 }))
  })

  test('a keyframe is as it was when it was handed in, calls that are not awaited take effect in order, and closing waits', async () => {
    const store = await fresh()
    const writer = await store.create(sampleMeta())
    const part = bytes(1)
    void writer.append([sampleEvent(1)])
    void writer.keyframe(FOLD, {
      since: null,
      parts: [
        ['a', part],
        ['b', part],
      ],
    })
    part[0] = 2
    void writer.append([sampleEvent(2)])
    void writer.keyframe(FOLD, { since: 1, parts: [['a', part]] })
    const closing = writer.close()
    part[0] = 3
    await closing
    expectEqual(
      [await keyframeAt(store, 1), await keyframeAt(store, 2)],
      [
        [1, { a: bytes(1), b: bytes(1) }],
        [2, { a: bytes(2), b: bytes(1) }],
      ],
    )
    await using reader = await store.open()
    ;(await reader.keyframe(FOLD, 2))!.parts.get('b')![0] = 9
    expectEqual((await reader.keyframe(FOLD, 2))!.parts.get('b'), bytes(1))
  })

  test('a reader sees no keyframe past the events it sees', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(2))
    await writer.flush('written')
    await using reader = await store.open()
    await writer.append([sampleEvent(3)])
    await writer.keyframe(FOLD, { since: null, parts: [['a', bytes(3)]] })
    expectEqual([await reader.keyframes(FOLD), await reader.keyframe(FOLD, 3)], [[], null])
    await writer.keyframe(FOLD, { at: 2, since: null, parts: [['a', bytes(2)]] })
    expectEqual([await reader.keyframes(FOLD), (await reader.keyframe(FOLD, Infinity))?.seq], [[2], 2])
  })

  test('one that is refused is not there, and the writer goes on', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    const of =
      (at: number | undefined, since: number | null, parts: readonly (readonly [string, Uint8Array | null])[] = []) =>
      () =>
        writer.keyframe(FOLD, { ...(at === undefined ? {} : { at }), since, parts })
    await refusal(of(undefined, null), 'bad-range')
    await writer.append(sampleEvents(4, { baseline: 1 }))
    await writer.keyframe(FOLD, { at: 2, since: null, parts: [['a', bytes(1)]] })
    for (const at of [0, -1, 5, 1.5, Number.NaN, '2' as unknown as number]) await refusal(of(at, null), 'bad-range')
    for (const since of [0, 3, 4, 1.5, undefined as unknown as null]) await refusal(of(3, since), 'bad-range')
    await refusal(of(3, 1), 'not-found')
    await refusal(of(2, null), 'exists')
    await refusal(
      of(3, null, [
        ['a', bytes(1)],
        ['a', bytes(1)],
      ]),
      'bad-keyframe',
    )
    await refusal(of(3, null, [['a', 'text' as unknown as Uint8Array]]), 'bad-keyframe')
    expectEqual([await seqsOf(store), await keyframeAt(store, 4)], [[2], [2, { a: bytes(1) }]])
    await writer.append([sampleEvent(5)])
    await writer.flush('written')
    expectEqual(await storedIn(store), sampleEvents(5, { baseline: 1 }))
  })

  test('folds have names as attachments have, parts have any name that can be printed', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(1))
    await writer.flush('written')
    const folds = ['', '.', '..', '../x', 'a/b', 'A', '.a', 'a\0', '__proto__', 'x'.repeat(NAME_CHARS_MAX + 1), 7]
    await using reader = await store.open()
    for (const fold of folds as string[]) {
      await refusal(() => writer.keyframe(fold, { since: null, parts: [] }), 'bad-name')
      await refusal(() => reader.keyframes(fold), 'bad-name')
      await refusal(() => reader.keyframe(fold, 1), 'bad-name')
    }
    const long = 'p'.repeat(PART_NAME_CHARS_MAX)
    for (const name of ['', `${long}p`, 'a\n', 'ü', '\0', 7 as unknown as string]) {
      await refusal(() => writer.keyframe(FOLD, { since: null, parts: [[name, bytes(1)]] }), 'bad-keyframe')
    }
    const names = ['../../log.json', '/etc/passwd', '__proto__', 'constructor', 'a b', long, '~', ' ']
    await writer.keyframe(FOLD, { since: null, parts: names.map((name, i) => [name, bytes(i)]) })
    const found = (await reader.keyframe(FOLD, 1))!.parts
    expectEqual([found.size, ...names.map((name) => found.get(name))], [names.length, ...names.map((_, i) => bytes(i))])
    expectEqual(await storedIn(store), sampleEvents(1))
  })

  test('a keyframe has as many parts, and as large ones, as the limits and no more', async () => {
    const store = await fresh()
    await using writer = await store.create(sampleMeta())
    await writer.append(sampleEvents(3))
    const numbered = (n: number, first = 0): [string, Uint8Array][] =>
      Array.from({ length: n }, (_, i) => [`part-${first + i}`, bytes(i % 256)])
    const large = new Uint8Array(PART_BYTES_MAX + 1)
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: numbered(KEYFRAME_PARTS_MAX + 1) }), 'bad-keyframe')
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: [['large', large]] }), 'bad-keyframe')
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: endless() }), 'bad-keyframe')
    const whole = Array.from({ length: 17 }, (_, i) => [`large-${i}`, large.subarray(1)] as const)
    await refusal(() => writer.keyframe(FOLD, { since: null, parts: whole }), 'bad-keyframe')
    await writer.keyframe(FOLD, { at: 1, since: null, parts: numbered(KEYFRAME_PARTS_MAX) })
    await refusal(() => writer.keyframe(FOLD, { since: 1, parts: [['one more', bytes(1)]] }), 'bad-keyframe')
    const instead: readonly (readonly [string, Uint8Array | null])[] = [
      ['part-7', null],
      ['large', large.subarray(1)],
    ]
    await writer.keyframe(FOLD, { at: 2, since: 1, parts: instead })
    await using reader = await store.open()
    const { parts } = (await reader.keyframe(FOLD, 2))!
    expectEqual(
      [parts.size, parts.get('part-65535'), parts.has('part-7'), parts.get('large')?.length],
      [KEYFRAME_PARTS_MAX, bytes(255), false, PART_BYTES_MAX],
    )
  })
}

function* endless(): Generator<[string, null]> {
  for (let i = 0; ; i++) yield [`part-${i}`, null]
}
