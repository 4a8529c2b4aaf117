import { expect, test } from 'vitest'
import { linkText, parseLink, START, unreadIn, type Link } from './link.ts'

const ALL: Link = {
  at: 224,
  selected: 220,
  rule: 'memremap/referenced-at-removal',
  row: 'db:nd/dax0.0#2 &=+%',
  axis: 'events',
  view: [95, 240],
  tab: 'memory',
  compare: 0,
  where: 'type == "kernel/warned" and host == "db"',
  only: true,
  named: 'pfn#',
}

test('a link holds all of a view', () => {
  expect(parseLink(linkText(ALL))).toEqual(ALL)
  expect(parseLink(linkText(START))).toEqual(START)
  // Each part by itself, so that none hides behind another.
  for (const name of Object.keys(ALL) as (keyof Link)[]) {
    const one = { ...START, [name]: ALL[name] }
    expect(parseLink(linkText(one))).toEqual(one)
    expect(linkText(one)).not.toBe(linkText(START))
  }
})

test.each([
  ['another version', '#v=2&at=3', START],
  ['none', '', START],
  ['numbers that are none', '#v=1&at=-3&selected=1e3&compare=0x10', START],
  ['a number that is too long', '#v=1&at=1234567890123456', START],
  ['a view that ends before it begins', '#v=1&view=5-3', START],
  ['a view of nothing', '#v=1&view=5-5', START],
  ['a view that is none', '#v=1&view=-3-5', START],
  ['a tab that is not there', '#v=1&tab=constructor', START],
  ['an axis that is not there', '#v=1&axis=__proto__', START],
  ['what nobody knows', '#v=1&at=3&colour=red', { ...START, at: 3 }],
] as const)('%s is left out', (_, text, link) => {
  expect(parseLink(text)).toEqual(link)
})

test('what of a link cannot be read is told', () => {
  expect(unreadIn('')).toEqual([])
  expect(unreadIn(linkText(START))).toEqual([])
  expect(unreadIn(linkText(ALL))).toEqual([])
  expect(unreadIn('#v=2&at=3')).toEqual(['#v=2&at=3'])
  expect(unreadIn('#v=1&at=-3&selected=7&tab=constructor&axis=time&view=5-3&colour=red')).toEqual(['at=-3', 'tab=constructor', 'view=5-3'])
})
