/** The log's files: behind the server that handed out the page, or in the page itself. */
import { filesInMemory, type LogFile, type LogFiles } from '@devtrail/event-log/read'
import type { LogPlace } from '../protocol.ts'

/** Bytes that are fetched at once, and kept. */
const PIECE_BYTES = 1 << 20
/** Pieces that are kept. */
const PIECES_MAX = 64

class ServedFile implements LogFile {
  readonly #url: string
  readonly #size: number
  readonly #pieces = new Map<number, Promise<Uint8Array>>()

  constructor(url: string, size: number) {
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
    const response = await fetch(this.#url, { headers: { range: `bytes=${from}-${to - 1}` }, cache: 'no-store' })
    if (!response.ok) throw new Error(`the server did not hand out ${this.#url} (${response.status}); is devtrail serve still running?`)
    const bytes = new Uint8Array(await response.arrayBuffer())
    return response.status === 206 ? bytes : bytes.subarray(from, to)
  }
}

function served(base: string): LogFiles {
  const urlOf = (path: string): string => `${base}${path.split('/').map(encodeURIComponent).join('/')}`
  return {
    async open(path) {
      const url = urlOf(path)
      const response = await fetch(url, { method: 'HEAD', cache: 'no-store' })
      if (response.status === 404) return null
      if (!response.ok) throw new Error(`the server did not hand out ${url} (${response.status})`)
      return new ServedFile(url, Number(response.headers.get('content-length') ?? 0))
    },
    async list(folder) {
      const response = await fetch(`${urlOf(folder)}/`, { cache: 'no-store' })
      if (response.status === 404) return null
      return (await response.json()) as string[]
    },
  }
}

export function filesAt(place: LogPlace): LogFiles {
  return place.kind === 'served' ? served(place.base) : filesInMemory(new Map(place.files))
}
