import type { Position } from '@devtrail/time-travel'
import { beforeAll, describe, expect, test } from 'vitest'
import { rangeOf, type Count } from '@devtrail/events'
import { refsOf, refToJson, surveyOf, type Ref } from '@devtrail/survey'
import { pageRefText } from '../print/device.ts'
import { refsText } from '../print/refs.ts'
import { styleOf } from '../print/style.ts'
import { imported, names, type Imported } from './recorded.test-support.ts'

const p = { style: styleOf({}, {}), digits: 6, eventsAt: new Map() } as const
const POSITIONS = 12

const countOf = (ref: Ref): Count =>
  ref.of === 'page' ? ref.ref.refcount : ref.of === 'pagemap' ? ref.pagemap.ref.count : ref.queue.ref.count

describe.each(names)('the references of %s', (name) => {
  let recording: Imported
  beforeAll(async () => {
    recording = await imported(name)
  })

  test('can be printed everywhere, and are certain only where the count is above idle', async () => {
    const last = recording.events.at(-1)!.seq
    const overclaimed: unknown[] = []
    for (let i = 0; i <= POSITIONS; i++) {
      const { machine } = await recording.history.at({ kind: 'seq', seq: Math.max(1, Math.round((last * i) / POSITIONS)) })
      for (const ref of refsOf(machine, null)) {
        const { certain } = refToJson(ref, String) as { certain: boolean }
        const least = rangeOf(countOf(ref)).lo
        expect(ref.of === 'page' ? pageRefText(p, ref.ref) : '').not.toContain('[object')
        expect(ref.of !== 'page' && countOf(ref) === 0, 'a count of zero is no reference').toBe(false)
        expect(certain).toBeTypeOf('boolean')
        if (certain && least <= (ref.of === 'page' ? ref.ref.idle : 0)) overclaimed.push(ref)
      }
    }
    expect(overclaimed).toEqual([])
  })
})

const outAt = async (name: string, position: Position): Promise<unknown[]> => {
  const { machine } = await (await imported(name)).history.at(position)
  return refsOf(machine, null).map((ref) => [ref.of, (refToJson(ref, String) as { certain: boolean }).certain])
}

test('the reference of a pagemap is out for certain where its count is known, and not once it dropped to zero', async () => {
  expect(await outAt('fsdax-dev', { kind: 'end' })).toEqual([['pagemap', true]])
  expect(await outAt('fsdax-pinned-unbind', { kind: 'time', ns: 9.3e9 })).toEqual([
    ['page', true],
    ['pagemap', false],
  ])
  expect(await outAt('fsdax-pinned-unbind', { kind: 'time', ns: 9.42e9 })).toEqual([['page', true]])
})

test('what is known to be of a namespace is told of it, like its state', async () => {
  const { history } = await imported('fsdax-truncate-hang')
  const { at, machine } = await history.at({ kind: 'seq', seq: 4114 })
  const namespace = machine.devices().find(({ name }) => name === 'namespace0.0')!.id
  const refs = refsOf(machine, new Set([namespace]))
  expect(refs).toEqual(refsOf(machine, null).filter((ref) => ref.namespace === namespace))
  expect(refs.map(({ of, device }) => [of, device])).toContainEqual(['page', null])
  expect(refToJson(refs[0]!, String)).toMatchObject({ device: null, namespace: String(namespace) })
  const { names: keys } = await surveyOf(history)
  expect(refsText(refs, 0, at, keys, p)).toContain('page     namespace0.0 (or who claims it)  ')
  expect(refsText([], 2, at, keys, p)).toContain('none is known to be of it\n2 more')
})
