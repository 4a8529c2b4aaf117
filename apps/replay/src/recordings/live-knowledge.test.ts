/** While a log is written, what is said of it is never refuted by what comes later: it is so, or it is not known yet. */
import { Facts, type AnyEvent } from '@devtrail/events'
import { differences, EventFilter, listsOf, Machine, overallOf, parseExpression, Tracked, viewOf } from '@devtrail/time-travel'
import { eventWords, models, Names, vocabulary } from '@devtrail/survey'
import { describe, expect, test } from 'vitest'
import { overclaims } from './honest.test-support.ts'
import { imported } from './recorded.test-support.ts'

const RECORDINGS = ['fsdax-pinned-unbind', 'fsdax-splice', 'devdax-dev', 'fsdax-truncate-hang', 'lab-crash2']
/** Events of a recording from one look to the next, and looked at in all. */
const LOOK_EVENTS = 7
const EVENTS_MAX = 1500

interface Both {
  readonly event: AnyEvent
  /** That knows no more than the log so far, and that knows all of it. */
  readonly live: Machine
  readonly whole: Machine
}

/** Folds a log twice, side by side. @returns the machine at its end */
async function sideBySide(name: string, see: (both: Both) => void): Promise<Machine> {
  const { events } = await imported(name)
  const facts = new Facts(vocabulary)
  for (const event of events) facts.learn(event)
  const [live, whole] = [new Machine(models), new Machine(models, facts)]
  for (const event of events) {
    live.step(event)
    whole.step(event)
    if (event.seq <= EVENTS_MAX) see({ event, live, whole })
  }
  return whole
}

const lists = listsOf(models)

describe.each(RECORDINGS)('%s', (name) => {
  test('what is shown of devices', async () => {
    const wrong: string[] = []
    await sideBySide(name, ({ event: { seq }, live, whole }) => {
      if (seq % LOOK_EVENTS !== 1) return
      const claimed = live
        .devices()
        .flatMap((d) => overclaims(viewOf(live, d.id) as never, viewOf(whole, d.id) as never, `${seq} ${d.name}`))
      wrong.push(...claimed, ...overclaims(overallOf(live) as never, overallOf(whole) as never, `${seq}`))
    })
    expect(wrong).toEqual([])
  })

  test('whether expressions about states are true', async () => {
    // Everything there ever is, asked for at each moment: before it is told, it may not be denied.
    const asked = new Map<string, string>()
    await sideBySide(name, ({ event: { seq }, whole }) => {
      if (seq % 97 !== 1) return
      for (const d of whole.devices()) {
        const key = `device("${d.bus === null ? '' : `${d.bus}/`}${d.name}")`
        for (const { path, to } of differences(d.id, {}, viewOf(whole, d.id), lists)) {
          if (path === 'learntAt' || !/^(?:pagemaps|regions|disk|driver|queue|kind|bus)\b/.test(path)) continue
          if (typeof to === 'string' || typeof to === 'number') asked.set(`${key}.${path} == ${JSON.stringify(to)}`, path)
          else asked.set(`${key}.${path}`, path)
        }
      }
    })
    expect(asked.size).toBeGreaterThan(0)
    const expressions = [...asked.keys()].filter((_, i) => i % Math.ceil(asked.size / 40) === 0).map(parseExpression)
    const wrong: string[] = []
    await sideBySide(name, ({ event: { seq }, live, whole }) => {
      if (seq % LOOK_EVENTS !== 1) return
      for (const expression of expressions) {
        const said = new Tracked(expression, live).truth()
        const truth = new Tracked(expression, whole).truth()
        if (said !== null && said !== truth) wrong.push(`${seq} ${expression.source}: ${said}, and it is ${truth}`)
      }
    })
    expect(wrong).toEqual([])
  })

  test('whether expressions about events are true', async () => {
    const end = await sideBySide(name, () => {})
    const names = Names.of(end)
    const devices = end.devices().flatMap((d) => [d.name, `${d.bus}/${d.name}`])
    const pagemaps = end.facts.ids('pagemap').flatMap((id) => names.pagemapNames(id).names)
    const sources = [
      ...pagemaps.flatMap((text) => [`pagemap == "${text}"`, `not (pagemap ~ "${text.slice(0, 5)}*")`, `pagemap == ${text}`]),
      ...[...new Set(devices)].flatMap((text) => [`device == "${text}"`, `device ~ "*${text.slice(-5)}"`]),
    ]
    let live!: Machine
    const [now, later] = [eventWords(() => Names.of(live)), eventWords(() => names)]
    const filters = sources.map((source) => {
      const expression = parseExpression(source)
      return { source, here: new EventFilter(expression, vocabulary, now), there: new EventFilter(expression, vocabulary, later) }
    })
    const wrong: string[] = []
    await sideBySide(name, (both) => {
      if (both.event.seq % LOOK_EVENTS !== 1) return
      live = both.live
      for (const { source, here, there } of filters) {
        const [said, truth] = [here.truth(both.event), there.truth(both.event)]
        if (said !== null && said !== truth) wrong.push(`${both.event.seq} ${source}: ${said}, and it is ${truth}`)
      }
    })
    expect(wrong).toEqual([])
  })
})
