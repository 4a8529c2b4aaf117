import { Facts, Vocabulary, type AnyEvent } from '@devtrail/events'
import { describe, expect, it } from 'vitest'
import { kernelCatalogue } from './events.ts'
import { evolveKernel, initialKernel, kernelModel, warned } from './state.ts'

const report = { kind: 'warning', text: 'WARNING: x\nsecond line', at: null, symbol: null, pid: null, comm: null, address: null, pfn: null }
const event = (type: string, data: AnyEvent['data']): AnyEvent => ({
  seq: 7,
  entry: 3,
  time: 9,
  device: null,
  cpu: null,
  actor: null,
  cause: [5],
  type,
  data,
})
const judge = (more: object): ReturnType<typeof warned.judge> =>
  warned.judge(initialKernel(), event('kernel/warned', { ...report, ...more }))

describe('kernel/warned', () => {
  it('is certain, with the line and the report as evidence', () => {
    expect(judge({})).toMatchObject([{ rule: 'kernel/warned', certainty: 'certain', seq: 7, time: 9, evidence: [5, 7] }])
  })

  it('says what, where and in whom, as far as printed', () => {
    const [v] = judge({ kind: 'oops', at: 'fs/dax.c:398', symbol: 'f', pid: 135, comm: 'pin', pfn: 0x10_9300 })
    expect(v!.summary).toBe('the kernel itself crashed in f at fs/dax.c:398, in pin (pid 135): WARNING: x (struct page of pfn 0x109300)')
    expect(judge({})[0]!.summary).toBe('the kernel itself warned: WARNING: x')
  })

  it('names the page it is about, so that other reports find it', () => {
    expect(judge({ pfn: 0x10_9300 })[0]).toMatchObject({ about: [{ first: 0x10_9300, last: 0x10_9300 }], data: { pfn: '0x109300' } })
    expect(judge({})[0]!.about).toBeUndefined()
  })

  it('is not what the kernel merely prints', () => {
    expect(warned.judge(initialKernel(), event('kernel/console', { text: 'BUG: x' }))).toEqual([])
  })
})

it('the state counts lines and keeps reports; nothing else changes it', () => {
  const state = initialKernel()
  evolveKernel(state, event('kernel/console', { text: 'a' }))
  evolveKernel(state, event('kernel/warned', report))
  evolveKernel(state, event('devres/added', {}))
  expect(state).toEqual({ reports: [7], consoleLines: 1 })
  expect(kernelModel.describe(state, 1, new Facts(new Vocabulary([kernelCatalogue])))).toEqual({})
})
