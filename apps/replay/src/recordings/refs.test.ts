import { beforeAll, describe, expect, test } from 'vitest'
import { rangeOf } from '@devtrail/events'
import { refsOf, refToJson } from '../logs/ref-list.ts'
import { pageRefText } from '../print/device.ts'
import { styleOf } from '../print/style.ts'
import { imported, names, type Imported } from './recorded.test-support.ts'

const p = { style: styleOf({}, {}), digits: 6, eventsAt: new Map() } as const
const POSITIONS = 12

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
        if (ref.of !== 'page') continue
        expect(pageRefText(p, ref.ref)).not.toContain('[object')
        const { certain } = refToJson(ref, null) as { certain: boolean }
        if (certain && rangeOf(ref.ref.refcount).lo <= ref.ref.idle) overclaimed.push(ref.ref)
      }
    }
    expect(overclaimed).toEqual([])
  })
})
