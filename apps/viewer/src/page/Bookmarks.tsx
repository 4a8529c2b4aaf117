import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Bookmark, BookmarkStore } from './bookmarks.ts'

interface BookmarksProps {
  readonly store: BookmarkStore
  readonly bookmarks: readonly Bookmark[]
  readonly change: (bookmarks: readonly Bookmark[]) => void
  readonly name: string
}

function download(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** Letters of a file's name; all else becomes `-`. */
const fileName = (name: string): string => `${name.replaceAll(/[^\w.-]+/g, '-').slice(0, 80) || 'log'}.html`

export function Bookmarks({ store, bookmarks, change, name }: BookmarksProps): JSX.Element {
  const [failure, setFailure] = useState<string | null>(null)
  const save = (): void => {
    setFailure(null)
    store.copy(bookmarks).then(
      (blob) => download(blob, fileName(name)),
      (error: Error) => setFailure(error.message),
    )
  }
  return (
    <details class="bookmarks">
      <summary>Bookmarks{bookmarks.length > 0 ? ` (${bookmarks.length})` : ''}</summary>
      <div class="drop">
        {bookmarks.length === 0 && <p class="nothing">None yet. The key b keeps the moment you are at.</p>}
        <ol>
          {bookmarks.map((bookmark, i) => (
            <li key={`${bookmark.link} ${i}`}>
              <a href={bookmark.link}>go</a>
              <input
                type="text"
                value={bookmark.note}
                aria-label={`Note of bookmark ${i + 1}`}
                onChange={(event) => change(bookmarks.map((b, n) => (n === i ? { ...b, note: event.currentTarget.value } : b)))}
              />
              <button type="button" aria-label={`Remove bookmark ${i + 1}`} onClick={() => change(bookmarks.filter((_, n) => n !== i))}>
                ✕
              </button>
            </li>
          ))}
        </ol>
        <button type="button" onClick={save}>
          Save as one file, with the log
        </button>
        {failure !== null && (
          <p class="failure" role="alert">
            {failure}
          </p>
        )}
      </div>
    </details>
  )
}
