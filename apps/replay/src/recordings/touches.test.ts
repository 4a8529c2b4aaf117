/** What models declare of their views is so on real recordings: nothing changes by an event that is not said to change it. */
import { Facts, type AnyEvent } from '@devtrail/events'
import { differences, listsOf, Machine, overallOf, Touches, viewOf, type Change } from '@devtrail/time-travel'
import { scenarios, simulate } from '@devtrail/simulation'
import { expect, test } from 'vitest'
import { models, vocabulary } from '@devtrail/survey'
import { imported, names, traceLines } from './recorded.test-support.ts'

/** Events whose effect is looked at in each recording: stretches of so many, so many times. */
const STRETCH = 120
const STRETCHES = 5

const lists = listsOf(models)
const parts = new Set(models.flatMap((m) => m.views?.parts ?? []))

const dottedOf = ({ steps }: Change): string => steps.flatMap((s) => (s.kind === 'field' ? s.name : [])).join('.')

/** Stretches to look at, spread over the events; events that come rarely are among them. */
function windows(events: readonly AnyEvent[]): Set<number> {
  const chosen = new Set<number>()
  const stretch = (from: number): void => {
    for (let i = from; i < from + STRETCH; i++) chosen.add(i)
  }
  for (let k = 0; k < STRETCHES; k++) stretch(Math.floor((k * Math.max(0, events.length - STRETCH)) / (STRETCHES - 1)))
  const seen = new Map<string, number>()
  for (const [i, { type }] of events.entries()) {
    const n = (seen.get(type) ?? 0) + 1
    seen.set(type, n)
    if (n <= 12) chosen.add(i)
  }
  return chosen
}

type Views = Map<number | null, { readonly [part: string]: unknown }>

function viewsOf(machine: Machine): Views {
  const views: Views = new Map(machine.devices().map((d) => [d.id, viewOf(machine, d.id)]))
  return views.set(null, overallOf(machine))
}

/** Changes that no declaration allows. */
function undeclared(machine: Machine, event: AnyEvent, before: Views, namedBefore: number): string[] {
  const found: string[] = []
  const named = machine.content.spans.named
  if (named.pagemap.size + named.region.size > namedBefore) return []
  for (const [device, view] of viewsOf(machine)) {
    for (const part of device === null ? [] : Object.keys(view)) if (!parts.has(part)) found.push(`no model says that it shows ${part}`)
    for (const change of differences(device, before.get(device) ?? {}, view, lists)) {
      const touches = new Touches([{ dotted: dottedOf(change), device }], models, machine.facts)
      if (!touches.isBy(event)) found.push(`${event.type} changes ${change.path} of ${device} and does not say so (event ${event.seq})`)
      else if (touches.last(machine, true) !== event.seq) found.push(`${event.type} is not the last that can have changed ${change.path}`)
      else if (touches.last(machine, false) < event.seq && change.from !== null)
        found.push(`${event.type} changes ${change.path}, it does not only fill it`)
    }
  }
  return found
}

const check = async (name: string, lines?: readonly string[]): Promise<string[]> => changesOf((await imported(name, lines)).events)

function changesOf(events: readonly AnyEvent[]): string[] {
  const facts = new Facts(vocabulary)
  for (const event of events) facts.learn(event)
  const machine = new Machine(models, facts)
  const chosen = windows(events)
  const found: string[] = []
  for (const [i, event] of events.entries()) {
    const isChosen = chosen.has(i) && event.seq > 0
    const before = isChosen ? viewsOf(machine) : null
    const { named } = machine.content.spans
    const namedBefore = named.pagemap.size + named.region.size
    machine.step(event)
    if (before !== null) found.push(...undeclared(machine, event, before, namedBefore))
  }
  return found
}

test.each(names)('%s', async (name) => {
  expect(await check(name)).toEqual([])
})

test.each(['fsdax-dev', 'devdax-dev', 'lab-crash2'])('%s, with entries missing', async (name) => {
  const lines = traceLines(name)
  const head = lines.findIndex((line) => !line.startsWith('#'))
  const cut = [
    ...lines.slice(0, head + 40),
    'CPU:0 [LOST 30 EVENTS]',
    ...lines.slice(head + 70, head + 150),
    'CPU:0 [LOST 30 EVENTS]',
    ...lines.slice(head + 180),
  ]
  expect(await check(name, cut)).toEqual([])
})

// What only models tell, among it what a pagemap's reference and a queue's counter are.
test.each([
  ['unbind-under-load', 'seed'],
  ['unbind-under-load', 'linux-6.1'],
  ['sector-btt-4096', 'linux-6.1'],
  ['devdax-dev', 'linux-6.1'],
] as const)('%s, simulated under %s', (name, rules) => {
  const events: AnyEvent[] = []
  simulate(
    scenarios.find((s) => s.name === name)!,
    { rules, sink: (event) => events.push(event) },
  )
  expect(changesOf(events)).toEqual([])
})
