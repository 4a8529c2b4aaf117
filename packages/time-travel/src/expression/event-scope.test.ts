import { declareEvents, f, Vocabulary } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { event, houseCatalogue } from '../house.test-support.ts'
import { ExpressionError } from './error.ts'
import type { EventWords } from './event-fields.ts'
import { EventFilter } from './event-scope.ts'
import { Named } from './named.ts'
import { parseExpression } from './parse.ts'

const vocabulary = new Vocabulary([houseCatalogue])
const words: EventWords = {
  device: (e) => (e.device === null ? null : new Named(['lamp', 'ceiling/lamp'])),
  // Circuit 1 has all its names; of 2 one may be told later.
  called: (e, name) =>
    name !== 'circuit'
      ? null
      : e.data[name] === 1
        ? new Named(['0x1000', '0xff01'])
        : new Named(['0xff02'], (text) => text.startsWith('0x')),
}
const filterOf = (source: string): EventFilter => new EventFilter(parseExpression(source), vocabulary, words)
const used = (circuit: number | null, amperes = 3): ReturnType<typeof event> =>
  event('house/circuit-used', { circuit, amperes }, { device: 7, cause: [11, 224], actor: { pid: 5, comm: '16' } })

describe('what is so of an event', () => {
  test.each([
    ['amperes == 3', true],
    ['data.amperes == 3', true],
    ['data["amperes"] == 3', true],
    ['data["amperes"] == 4', false],
    ['cause[224]', true],
    ['cause[225]', false],
    ['cause[225] != null', true],
    ['cause[11] == 11', true],
    ['count(cause) == 2', true],
    ['actor.pid == 5 && actor.comm == "16"', true],
    ['lit == 3', false],
    // A thing is equal to each of its names.
    ['device == "lamp"', true],
    ['device == "ceiling/lamp"', true],
    ['device != "ceiling/lamp"', false],
    ['device == "desk"', false],
    ['device in ["desk", "lamp"]', true],
    ['device ~ "ceiling/*"', true],
    ['device ~ "desk*"', false],
    ['device < "m"', true],
    ['device', true],
  ] as const)('%s is %s', (source, expected) => {
    const wanted = source.includes('lit') ? source.replace('lit', 'data.colour') : source
    expect(filterOf(wanted).truth(used(1))).toBe(expected)
  })

  test.each([
    ['circuit == "0x1000"', 1, true],
    ['circuit == 0x1000', 1, true],
    ['circuit == "0xff01"', 1, true],
    ['circuit == "0x2000"', 1, false],
    ['circuit == "0xff02"', 2, true],
    // It may start there: that is told later.
    ['circuit == "0x1000"', 2, null],
    ['circuit != "0x1000"', 2, null],
    ['circuit == 0x1000', 2, null],
    ['circuit ~ "0x1*"', 2, null],
    ['circuit < "0x1000"', 2, null],
    ['circuit == "desk"', 2, false],
    ['circuit == null', 2, false],
    ['circuit != null', 2, true],
    ['circuit == null', null, true],
    ['circuit == "0x1000"', null, null],
  ] as const)('%s of circuit %s is %s', (source, circuit, expected) => {
    expect(filterOf(source).truth(used(circuit))).toBe(expected)
  })

  test('a task that is called like a number is not that number', () => {
    expect(filterOf('comm == 16').truth(used(1))).toBe(false)
  })
})

describe('numbers that the JSON has as hex', () => {
  const catalogue = declareEvents('wire', {
    cut: { version: 1, doc: 'A wire was cut.', fields: { flags: f.flags('how'), word: f.u64('of the kernel'), pfn: f.pfn('where') } },
  })
  const called: EventWords = { device: () => null, called: (_, name) => (name === 'flags' ? 'SHARP|FAST' : null) }
  const cut = event('wire/cut', { flags: 0x2007, word: 0xff00n, pfn: 0x1093 })
  test.each([
    ['flags == 0x2007', true],
    ['flags == "0x2007"', true],
    ['not flags == "0x2007"', false],
    ['flags == "0x2006"', false],
    ['flags in ["0x1", "0x2007"]', true],
    ['flags >= "0x2000"', true],
    ['flags == "SHARP|FAST"', true],
    ['flags ~ "*FAST*"', true],
    ['flags ~ "0x20*"', true],
    ['word ~ "0xff*"', true],
    ['word == "0xff00"', true],
    ['pfn ~ "0x109*"', true],
    ['pfn ~ "0x2*"', false],
    ['pfn == "0x1093"', true],
    ['pfn < "0x1094"', true],
    ['time ~ "0.0000*"', true],
    ['seq ~ "*"', true],
  ] as const)('%s is %s', (source, expected) => {
    expect(new EventFilter(parseExpression(source), new Vocabulary([catalogue]), called).truth(cut)).toBe(expected)
  })
})

test('of a type it is known beforehand what cannot be', () => {
  expect(filterOf('data["amperes"] == 3').mayFit('house/lit')).toBe(false)
  expect(filterOf('data["amperes"] == 3').mayFit('house/circuit-used')).toBe(true)
  expect(filterOf('type == "house/lit"').mayFit('house/circuit-used')).toBe(false)
  expect(filterOf('cause[3]').mayFit('house/lit')).toBe(true)
})

describe('what no event has is an error that points at the character', () => {
  test.each([
    ['nosuch == 1', 0, 'no event has a field "nosuch"; there are seq, entry'],
    ['amperess == 1', 0, 'amperes and the fields of the event types'],
    ['data["nosuch"] == 1', 5, 'no event has a field "nosuch"; there are '],
    ['data["amp"] == 1', 5, 'amperes'],
    ['data.nosuch == 1', 5, 'no event has a field "nosuch"'],
    ['data[3] == 1', 5, 'by their names: data.pfn'],
    ['data == 1', 0, 'by their names: data.pfn'],
    ['data.seq == 1', 5, 'no event has a field "seq"'],
    ['device("x").lit', 7, 'of an event, device is a field'],
    ['amperes.more == 1', 8, 'amperes, which is one value'],
    ['amperes[0] == 1', 8, 'amperes, which is one value'],
    ['actor.nosuch == 1', 6, 'actor.pid, actor.comm'],
    ['actor.pid.x == 1', 10, 'actor.pid, actor.comm'],
    ['cause["x"]', 6, 'cause[224]'],
    ['cause == 224', 0, 'cause is a list of events'],
    ['224 in [cause]', 8, 'cause is a list of events'],
    ['cause ~ "x"', 0, 'cause is a list of events'],
    ['not cause', 4, 'cause is a list of events'],
    ['true and (count(amperes) > 1 or false)', 10, 'amperes is no list'],
  ])('%s', (source, at, problem) => {
    const error = (() => {
      try {
        return filterOf(source)
      } catch (e) {
        return e
      }
    })()
    expect(error).toBeInstanceOf(ExpressionError)
    expect((error as ExpressionError).problem).toContain(problem)
    expect((error as ExpressionError).at).toBe(at)
  })
})
