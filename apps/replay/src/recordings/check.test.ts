import { Facts, type Violation } from '@devtrail/events'
import { check, Machine, rulesOf } from '@devtrail/time-travel'
import { expect, test } from 'vitest'
import { models, vocabulary } from '@devtrail/survey'
import { imported, names } from './recorded.test-support.ts'

const key = ({ rule, certainty, seq, summary }: Violation): string => `${seq} ${certainty} ${rule}: ${summary}`

test.each(names)('%s: judging only what can break a rule finds what judging everything finds', async (name) => {
  const { events, history } = await imported(name)
  const facts = new Facts(vocabulary)
  for (const event of events) facts.learn(event)
  const machine = new Machine(models, facts)
  const all: string[] = []
  for (const event of events) {
    machine.step(event)
    for (const { model, rule } of rulesOf(models)) all.push(...rule.judge(machine.state(model.name), event).map(key))
  }
  const { violations } = await check(history)
  expect(violations.map(key).toSorted()).toEqual(all.toSorted())
})
