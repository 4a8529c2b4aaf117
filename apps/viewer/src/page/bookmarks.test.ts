import { expect, test } from 'vitest'
import { parseKept, together, toKeep, type Bookmark } from './bookmarks.ts'

const [theirs, mine]: Bookmark[] = [
  { note: 'look here', link: '#v=1&at=224' },
  { note: 'event 7', link: '#v=1&at=7' },
]
const file = [theirs!]
/** What is there after the page was opened anew. */
const reopened = (bookmarks: readonly Bookmark[]): readonly Bookmark[] => together(file, parseKept(JSON.stringify(toKeep(file, bookmarks))))

test("bookmarks of a file that was sent are there beside one's own", () => {
  expect(together(file, parseKept(JSON.stringify([mine])))).toEqual([theirs, mine])
  expect(reopened([theirs!, mine!]).toSorted((a, b) => a.link.localeCompare(b.link))).toEqual([theirs, mine])
})

test('one of the file that was removed, or got another note, does not come back', () => {
  expect(reopened([mine!])).toEqual([mine])
  expect(reopened([])).toEqual([])
  const noted = { ...theirs!, note: 'it breaks here' }
  expect(reopened([noted])).toEqual([noted])
})

test('what makes no sense is left out', () => {
  for (const text of [null, '', 'x', '7', '{"bookmarks":7}', '[{"note":1,"link":"#"}]', '[{"note":"","link":"javascript:0"}]'])
    expect(parseKept(text)).toEqual({ bookmarks: [], removed: [] })
})
