import { expect, test } from 'vitest'
import { changeLines } from './change-lines.ts'

const change = (path: string, what: string, seq: number | null): { path: string; what: string; seq: number | null } => ({ path, what, seq })

test('neighbours with the same change are one line, with the events of all', () => {
  const lines = changeLines(
    [
      change('pageRefs[0x10].refcount', '2 → 1', 7),
      change('pageRefs[0x11].refcount', '2 → 1', 5),
      change('pageRefs[0x12].refcount', '3 → 1', 6),
      change('pageRefs[0x14].refcount', '2 → 1', null),
      change('driver.state', 'bound → unbound', 9),
    ],
    ({ what }) => what,
    ({ seq }) => seq,
  )
  expect(lines.map(({ path, change: { what }, first, last }) => [path, what, first, last])).toEqual([
    ['pageRefs[0x10..0x11].refcount', '2 → 1', 5, 7],
    ['pageRefs[0x12].refcount', '3 → 1', 6, 6],
    ['pageRefs[0x14].refcount', '2 → 1', null, null],
    ['driver.state', 'bound → unbound', 9, 9],
  ])
})
