/** The log's files: behind the server that handed out the page, or in the page itself. */
import { filesInMemory, type LogFile, type LogFiles } from '@devtrail/event-log/read'
import type { LogPlace } from '../protocol.ts'

/** Bytes that are fetched at once, and kept. */
const PIECE_BYTES = 1 << 20
/** Pieces that are kept. */
const PIECES_MAX = 64
/** Milliseconds between two tries to reach a server that is away. */
const TRY_MS = 1000

/** Told when the server cannot be reached, and when it can again. */
type TellAway = (isAway: boolean) => void

interface Fetched {
  readonly status: number
  readonly ok: boolean
  readonly headers: Headers
  readonly bytes: Uint8Array
}

/** The server, for as long as it takes: while it is away whoever asked waits, and is answered when it is back. */
class Server {
  readonly #tellAway: TellAway

  constructor(tellAway: TellAway) {
    this.#tellAway = tellAway
  }

  async fetch(url: string, init: RequestInit = {}): Promise<Fetched> {
    for (let tries = 0; ; tries++) {
      try {
        const response = await fetch(url, { ...init, cache: 'no-store' })
        const bytes = new Uint8Array(await response.arrayBuffer())
        if (tries > 0) this.#tellAway(false)
        return { status: response.status, ok: response.ok, headers: response.headers, bytes }
      } catch {
        // No answer at all, or one that was cut short: the only ways in which fetching throws.
        this.#tellAway(true)
        await new Promise((resolve) => setTimeout(resolve, TRY_MS))
      }
    }
  }
}

class ServedFile implements LogFile {
  readonly #server: Server
  readonly #url: string
  readonly #size: number
  readonly #pieces = new Map<number, Promise<Uint8Array>>()

  constructor(server: Server, url: string, size: number) {
    this.#server = server
    this.#url = url
    this.#size = size
  }

  async size(): Promise<number> {
    return this.#size
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const end = Math.min(this.#size, position + into.length)
    let filled = 0
    while (position + filled < end) {
      const at = position + filled
      const number = Math.floor(at / PIECE_BYTES)
      const piece = await this.#piece(number)
      const part = piece.subarray(at - number * PIECE_BYTES, Math.min(piece.length, end - number * PIECE_BYTES))
      if (part.length === 0) break
      into.set(part, filled)
      filled += part.length
    }
    return filled
  }

  #piece(number: number): Promise<Uint8Array> {
    let piece = this.#pieces.get(number)
    if (piece !== undefined) return piece
    piece = this.#fetch(number * PIECE_BYTES, Math.min(this.#size, (number + 1) * PIECE_BYTES))
    piece.catch(() => this.#pieces.delete(number))
    this.#pieces.set(number, piece)
    if (this.#pieces.size > PIECES_MAX) this.#pieces.delete(this.#pieces.keys().next().value!)
    return piece
  }

  async #fetch(from: number, to: number): Promise<Uint8Array> {
    const { ok, status, bytes } = await this.#server.fetch(this.#url, { headers: { range: `bytes=${from}-${to - 1}` } })
    if (!ok) throw new Error(`the server did not hand out ${this.#url} (${status}); is devtrail serve still running?`)
    return status === 206 ? bytes : bytes.subarray(from, to)
  }
}

function served(server: Server, base: string): LogFiles {
  const urlOf = (path: string): string => `${base}${path.split('/').map(encodeURIComponent).join('/')}`
  return {
    async open(path) {
      const url = urlOf(path)
      const { ok, status, headers } = await server.fetch(url, { method: 'HEAD' })
      if (status === 404) return null
      if (!ok) throw new Error(`the server did not hand out ${url} (${status})`)
      return new ServedFile(server, url, Number(headers.get('content-length') ?? 0))
    },
    async list(folder) {
      const { status, bytes } = await server.fetch(`${urlOf(folder)}/`)
      if (status === 404) return null
      return JSON.parse(new TextDecoder().decode(bytes)) as string[]
    },
  }
}

export function filesAt(place: LogPlace, tellAway: TellAway): LogFiles {
  return place.kind === 'served' ? served(new Server(tellAway), place.base) : filesInMemory(new Map(place.files))
}
