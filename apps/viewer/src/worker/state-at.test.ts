/** The state of a row is that of the device whose row it is, whatever the device's name is at the moment. */
import type { AnyEvent } from '@devtrail/events'
import { asView, models, surveyOf } from '@devtrail/survey'
import { History } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { stateAt } from './state-at.ts'

const found = (seq: number, device: number, name: string, bus: string, driver: string): AnyEvent => ({
  seq,
  time: seq * 1000,
  type: 'devres/device-found',
  device,
  cpu: 0,
  actor: null,
  entry: seq,
  cause: [],
  data: { device, name, bus, kind: bus === 'block' ? 'block' : 'nd-dax', state: 'bound', driver, fromStart: false },
})
const events = [found(1, 1, 'dax0.0', 'nd', 'dax_pmem'), found(2, 2, '259:0', 'block', 'none'), found(3, 3, 'dax0.0', 'dax', 'device_dax')]

test('also before another device of that name came, and of one that is there for bookkeeping', async () => {
  const history = new History({ read: () => events }, models)
  const { names } = await surveyOf(history)
  const first = async (seq: number, row: string): Promise<readonly [string | undefined, string | null | undefined]> => {
    const [device] = (await stateAt(history, names, seq, row)).devices
    return [device?.key, device && asView(device.parts).driver?.name]
  }
  expect(await first(1, 'nd/dax0.0')).toEqual(['nd/dax0.0', 'dax_pmem'])
  expect(await first(3, 'nd/dax0.0')).toEqual(['nd/dax0.0', 'dax_pmem'])
  expect(await first(3, 'dax/dax0.0')).toEqual(['dax/dax0.0', 'device_dax'])
  expect((await first(3, '259:0'))[0]).toBe('259:0')
})
