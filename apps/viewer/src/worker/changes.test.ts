/** Where a field changes next, and where it did before: only where it is shown to be different. */
import type { AnyEvent } from '@devtrail/events'
import { models, surveyOf } from '@devtrail/survey'
import { History } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { valueWords } from '../panels/value-words.ts'
import { changeOf, changesBetween } from './changes.ts'

const event = (seq: number, type: string, data: AnyEvent['data']): AnyEvent => ({
  seq,
  time: seq * 1000,
  type,
  device: 1,
  cpu: 0,
  actor: null,
  entry: seq,
  cause: [],
  data: { device: 1, ...data },
})
const node = (seq: number, managed: number): AnyEvent =>
  event(seq, 'devres/node-found', { managed, node: `0x${managed}`, release: 'devm_kzalloc_release', size: 8, fromStart: true })

const events = [
  event(1, 'devres/device-found', { name: 'pfn0.0', bus: 'nd', kind: 'nd-pfn', state: 'bound', driver: 'nd_pmem', fromStart: false }),
  event(2, 'devres/remove-started', { driver: 'nd_pmem' }),
  node(3, 1),
  node(4, 2),
  event(5, 'devres/unbind-cleanup-started', { reason: 'unbind' }),
]
const history = new History({ read: () => events }, models)
const change = (path: string, from: number, backwards: boolean): Promise<number | null> =>
  changeOf(history, { path, device: 'pfn0.0', from, backwards })

test('what is told late of all the time before changes nothing when it is told', async () => {
  expect(await change('devres', 2, false)).toBe(null)
})

test('the previous change is an earlier event, or there is none', async () => {
  expect(await change('driver.state', 4, true)).toBe(2)
  expect(await change('driver.state', 1, true)).toBe(1)
  expect(await change('devres', 2, true)).toBe(null)
})

test('what is false is told from what is not there and from what is not known', async () => {
  const probed = new History(
    {
      read: () => [
        event(1, 'devres/device-found', { name: 'pfn0.0', bus: 'nd', kind: 'nd-pfn', state: null, driver: null, fromStart: false }),
        event(2, 'devres/probe-started', { driver: 'nd_pmem', listed: true }),
        event(3, 'devres/added', { node: '0x9', release: 'devm_kzalloc_release', size: 8 }),
      ],
    },
    models,
  )
  const { names } = await surveyOf(probed)
  const between = async (from: number, to: number): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      (await changesBetween(probed, names, from, to)).map((of) => [of.path, `${valueWords(of.from)} → ${valueWords(of.to)}`]),
    )
  expect(await between(1, 2)).toMatchObject({ presence: '? → present', 'devres.complete': 'false → true' })
  expect(await between(2, 3)).toEqual({ 'devres[0x9]': 'none → name=devm_kzalloc_release size=8 node=0x9 addedAt=3' })
})
