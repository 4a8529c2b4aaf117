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

/** What the browser has kept for a log. */
export interface Kept {
  readonly bookmarks: readonly Bookmark[]
  /** Those of the file that were removed, or got another note: they do not come back. */
  readonly removed: readonly Bookmark[]
}

const isSame =
  (a: Bookmark) =>
  (b: Bookmark): boolean =>
    a.link === b.link && a.note === b.note

export function parseKept(text: string | null): Kept {
  try {
    const value = JSON.parse(text ?? 'null') as unknown
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { bookmarks: parseBookmarks(text), removed: [] }
    const { bookmarks, removed } = value as Record<string, unknown>
    return { bookmarks: parseBookmarks(JSON.stringify(bookmarks ?? [])), removed: parseBookmarks(JSON.stringify(removed ?? [])) }
  } catch {
    return { bookmarks: [], removed: [] }
  }
}

/** Those of the file somebody sent, and one's own behind them. */
export function together(file: readonly Bookmark[], { bookmarks, removed }: Kept): readonly Bookmark[] {
  return [...file.filter((one) => ![...bookmarks, ...removed].some(isSame(one))), ...bookmarks]
}

/** What is to be kept when these are all there are. */
export function toKeep(file: readonly Bookmark[], bookmarks: readonly Bookmark[]): Kept {
  return { bookmarks, removed: file.filter((one) => !bookmarks.some(isSame(one))) }
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
  /** Those that came with the page. */
  readonly #file: readonly Bookmark[]

  /** @param key tells the log from others where the browser keeps them. */
  constructor(key: string, isPacked: boolean) {
    this.#key = `devtrail bookmarks ${key}`
    this.#isPacked = isPacked
    this.#pristine = isPacked ? document.documentElement.outerHTML : null
    this.#file = parseBookmarks(document.getElementById(ELEMENT)?.textContent ?? null)
  }

  load(): readonly Bookmark[] {
    return together(this.#file, this.#stored())
  }

  #stored(): Kept {
    try {
      return parseKept(localStorage.getItem(this.#key))
    } catch {
      // Not every browser keeps anything for a file.
      return { bookmarks: [], removed: [] }
    }
  }

  save(bookmarks: readonly Bookmark[]): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify(toKeep(this.#file, bookmarks)))
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
