import { stuckTasks } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { imported } from './recorded.test-support.ts'

test('whoever unmaps a pagemap waits for its reference until that is released, and no longer', async () => {
  const { history, events } = await imported('fsdax-pinned-unbind')
  const released = events.find(({ type }) => type === 'memremap/ref-released')!.seq
  const waitsAt = async (seq: number): Promise<unknown[]> => {
    const { machine } = await history.at({ kind: 'seq', seq })
    const calls = stuckTasks(machine).flatMap((task) => task.calls)
    return calls.flatMap(({ call, waiting }) =>
      call.name === 'memunmap_pages' ? [waiting === null ? call.waitsFor : waiting.waitsFor] : [],
    )
  }
  expect(await waitsAt(released - 1)).toEqual(["the pagemap's reference to drop to zero"])
  expect(await waitsAt(released)).toEqual([null])
  expect(await waitsAt(released + 2)).toEqual([null])
})
