import { describe, expect, it } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import { check, NoSuchRuleError, rulesOf } from './check.ts'
import { event, historyOf, house, numbered } from './house.test-support.ts'

const broke = (rule: string, page: number | null = null, pages: number | null = null, said: Partial<AnyEvent> = {}): AnyEvent =>
  event('house/broke', { rule, page, pages }, said)

describe('the rules of a check', () => {
  it('are all of the models’ unless some are wanted', async () => {
    const history = historyOf(numbered(broke('dark'), broke('hot')))
    const all = await check(history)
    expect(all.rules).toEqual(['house/dark', 'house/hot'])
    expect(all.violations.map((v) => v.rule)).toEqual(['house/dark', 'house/hot'])
    const one = await check(history, ['house/hot'])
    expect(one.rules).toEqual(['house/hot'])
    expect(one.violations.map((v) => [v.rule, v.seq])).toEqual([['house/hot', 2]])
  })

  it('know which model they judge', () => {
    expect(rulesOf([house]).map(({ model, rule }) => [model.name, rule.id])).toEqual([
      ['house', 'house/dark'],
      ['house', 'house/hot'],
    ])
  })

  it('a rule that does not exist is refused with those that do', async () => {
    const wrong = check(historyOf([]), ['house/dark', 'house/cold'])
    await expect(wrong).rejects.toThrow(NoSuchRuleError)
    await expect(wrong).rejects.toThrow('there is no rule "house/cold"; there are house/dark, house/hot')
  })

  it('nothing broken is nothing reported', async () => {
    const report = await check(historyOf(numbered(event('house/lit', { device: 1 }))))
    expect(report.violations).toEqual([])
    expect(report.machine.spans.get(1)?.events).toBe(1)
  })
})

describe('reports about the same page', () => {
  it('become evidence of each other', async () => {
    const { violations } = await check(historyOf(numbered(broke('dark', 0x100, 16), broke('hot', 0x10f))))
    expect(violations.map((v) => v.evidence)).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(violations.map((v) => v.data['linked'])).toEqual([
      [{ rule: 'house/hot', seq: 2, summary: 'hot at 2' }],
      [{ rule: 'house/dark', seq: 1, summary: 'dark at 1' }],
    ])
  })

  it('are not linked when they only touch, are of one rule, or name no page', async () => {
    const { violations } = await check(
      historyOf(numbered(broke('dark', 0x100, 16), broke('hot', 0x110), broke('dark', 0x100), broke('hot'), broke('hot', 0xff))),
    )
    expect(violations.map((v) => v.data['linked'])).toEqual([undefined, undefined, undefined, undefined, undefined])
  })

  it('keep evidence ascending and without doubles', async () => {
    const { violations } = await check(historyOf(numbered(broke('hot', 5), broke('dark', 5, null, { cause: [1] }), broke('hot', 5))))
    expect(violations[1]!.evidence).toEqual([1, 2, 3])
  })
})

describe('the device of a violation', () => {
  it('is the one it names', async () => {
    const { violations } = await check(historyOf(numbered(broke('dark', null, null, { device: 4 }))))
    expect(violations[0]!.device).toBe(4)
  })

  it('or the one its evidence is about, first in the order of the evidence', async () => {
    const log = numbered(
      event('house/looked', {}),
      event('house/lit', { device: 6 }),
      event('house/lit', { device: 7 }),
      broke('dark', null, null, { cause: [1, 3, 2] }),
    )
    expect((await check(historyOf(log))).violations[0]!.device).toBe(7)
  })

  it('also when it was learnt later whose a thing is', async () => {
    const log = numbered(
      event('house/circuit-used', { amperes: 1, circuit: 3 }),
      broke('dark', null, null, { cause: [1] }),
      event('house/circuit-identified', { circuit: 3, device: 8, namespace: null }),
    )
    expect((await check(historyOf(log))).violations[0]!.device).toBe(8)
  })

  it('or none, when nothing tells', async () => {
    expect((await check(historyOf(numbered(broke('dark'))))).violations[0]!.device).toBeNull()
  })
})
