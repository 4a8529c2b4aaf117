/** The longest line that is read; a longer one is reported and skipped without being held in memory. */
export const LINE_BYTES_MAX = 1 << 20

/** A line of a text trace; `text` is null when it was longer than {@link LINE_BYTES_MAX}. */
export interface Line {
  /** From 1. */
  readonly number: number
  readonly text: string | null
}

const NEWLINE = 10
const decoder = new TextDecoder('utf-8')

function decode(parts: readonly Uint8Array[], size: number): string {
  if (parts.length === 1) return strip(decoder.decode(parts[0]))
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return strip(decoder.decode(whole))
}

const strip = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text)

/** Splits bytes into lines, holding at most one line and one chunk. CRLF is read as LF. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let parts: Uint8Array[] = []
  let size = 0
  let number = 0
  let tooLong = false
  const take = (piece: Uint8Array): void => {
    size += piece.length
    if (size > LINE_BYTES_MAX) {
      tooLong = true
      parts = []
    } else if (piece.length > 0) parts.push(piece)
  }
  const end = (): Line => {
    const text = tooLong ? null : size === 0 ? '' : decode(parts, size)
    parts = []
    size = 0
    tooLong = false
    return { number: ++number, text }
  }
  for await (const chunk of bytes) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at))
      lines.push(end())
      from = at + 1
    }
    if (from < chunk.length) take(chunk.slice(from))
    if (lines.length > 0) yield lines
  }
  if (size > 0) yield [end()]
}
