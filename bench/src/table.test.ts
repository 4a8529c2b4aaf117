import { describe, expect, it } from 'vitest'
import type { Bench, Figure } from './bench.ts'
import { summaryOf, tableOf } from './table.ts'

const bench: Pick<Bench, 'name' | 'about'> = { name: 'box/open', about: 'opening a box' }
const figure = (more: Partial<Figure>): Figure => ({ name: 'box/open vs lid', ours: 2, peer: 6, unit: 'ns/box', ratio: 3, ...more })

describe('the table of a bench', () => {
  it('has a line for each peer: both figures, the ratio and its range, the goal and whether it is met', () => {
    const lines = tableOf(bench, [
      figure({ goal: 2.5, ratioLow: 2.875, ratioHigh: 3.111 }),
      figure({ name: 'box/open vs crowbar', ours: 85_376.4, peer: 40.25, ratio: 0.4, goal: 0.5, goalText: 'at most twice' }),
      figure({ name: 'box/open vs teeth', note: 'hurts' }),
    ])
    expect(lines).toBe(
      [
        'box/open: opening a box',
        '                ours  peer          ratio  half of them  goal',
        '  vs lid        2.00  6.00  ns/box   3.00  2.88-3.11     2.5            met',
        '  vs crowbar  85 376  40.3  ns/box   0.40                at most twice  missed',
        '  vs teeth      2.00  6.00  ns/box   3.00                -',
        '    hurts',
        '',
      ].join('\n'),
    )
  })

  it('says that nothing was measured', () => {
    expect(tableOf(bench, [])).toBe('box/open: opening a box\n  nothing was measured\n')
  })
})

describe('the summary', () => {
  it('counts the goals that are met and names those that are missed', () => {
    const figures = [figure({ goal: 3 }), figure({}), figure({ name: 'box/open vs axe', goal: 3.01 })]
    expect(summaryOf(figures)).toBe('1 of 2 goals met; missed: box/open vs axe (3.00 of 3.01)\n')
    expect(summaryOf(figures.slice(0, 2))).toBe('1 of 1 goal met\n')
    expect(summaryOf([])).toBe('')
  })
})
