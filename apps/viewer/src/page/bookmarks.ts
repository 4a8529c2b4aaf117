/** Places in a log with a note. They are kept in the file that is exported, and by the browser for a log that is served. */
export interface Bookmark {
  readonly note: string
  /** A link, without the address of the page. */
  readonly link: string
}

const isBookmark = (value: unknown): value is Bookmark => {
  const { note, link } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return typeof note === 'string' && typeof link === 'string' && link.startsWith('#')
}

/** What makes sense of a text that a file or the browser has kept. */
export function parseBookmarks(text: string | null): readonly Bookmark[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value.filter(isBookmark).map(({ note, link }) => ({ note, link })) : []
  } catch {
    return []
  }
}

/** The element of the page that holds them. */
const ELEMENT = 'devtrail-bookmarks'
/** JSON that ends no script. */
const embedded = (bookmarks: readonly Bookmark[]): string => JSON.stringify(bookmarks).replaceAll('<', '\\u003c')

/** The page as it came, before anything was drawn, so that a copy of it can be made. */
export class BookmarkStore {
  readonly #key: string
  readonly #isPacked: boolean
  readonly #pristine: string | null

  /** @param key tells the log from others where the browser keeps them. */
  constructor(key: string, isPacked: boolean) {
    this.#key = `devtrail bookmarks ${key}`
    this.#isPacked = isPacked
    this.#pristine = isPacked ? document.documentElement.outerHTML : null
  }

  load(): readonly Bookmark[] {
    const kept = this.#stored()
    return kept.length > 0 ? kept : parseBookmarks(document.getElementById(ELEMENT)?.textContent ?? null)
  }

  #stored(): readonly Bookmark[] {
    try {
      return parseBookmarks(localStorage.getItem(this.#key))
    } catch {
      // Not every browser keeps anything for a file.
      return []
    }
  }

  save(bookmarks: readonly Bookmark[]): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify(bookmarks))
    } catch {
      // Then the exported copy is what keeps them.
    }
  }

  /** The page and the log in one file, with the bookmarks. */
  async copy(bookmarks: readonly Bookmark[]): Promise<Blob> {
    const html = this.#isPacked ? `<!doctype html>\n${this.#pristine!}` : await (await fetch('packed.html')).text()
    const opening = new RegExp(`(<script type="application/json" id="${ELEMENT}">)[^<]*`)
    return new Blob([html.replace(opening, (_, tag: string) => `${tag}${embedded(bookmarks)}`)], { type: 'text/html' })
  }
}
