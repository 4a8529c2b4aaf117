import fc from 'fast-check'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { LINE_BYTES_MAX, readLines } from './lines.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

async function linesOf(...parts: readonly (string | Uint8Array)[]): Promise<(string | null)[]> {
  const out: (string | null)[] = []
  for await (const lines of readLines(chunks(...parts.map((p) => (typeof p === 'string' ? encode(p) : p))))) {
    for (const { number, text } of lines) {
      expect(number).toBe(out.length + 1)
      out.push(text)
    }
  }
  return out
}

describe('lines', () => {
  it('are ended by LF or CRLF; the last may have no end', async () => {
    expect(await linesOf('a\nb\r\nc')).toEqual(['a', 'b', 'c'])
    expect(await linesOf('a\n')).toEqual(['a'])
    expect(await linesOf('a\r\n')).toEqual(['a'])
    expect(await linesOf('a\r')).toEqual(['a'])
  })

  it('are counted when empty; nothing at all has none', async () => {
    expect(await linesOf('\n\r\n\na')).toEqual(['', '', '', 'a'])
    expect(await linesOf()).toEqual([])
    expect(await linesOf('')).toEqual([])
  })

  it('keep a CR that ends no line', async () => {
    expect(await linesOf('a\rb\n\r\r\n')).toEqual(['a\rb', '\r'])
  })

  it('hold bytes that are no UTF-8 as replacement characters, and go on', async () => {
    expect(await linesOf(new Uint8Array([0xff, 0xfe, 10, 97]))).toEqual(['\uFFFD\uFFFD', 'a'])
  })
})

const small = '# é\r\n  sh-1  [000] 1.000000: x: ☃\n\n\r\nlast 🐧'
const whole = ['# é', '  sh-1  [000] 1.000000: x: ☃', '', '', 'last 🐧']

describe('chunk borders', () => {
  it('at any single byte change nothing', async () => {
    const bytes = encode(small)
    for (let at = 0; at <= bytes.length; at++) expect(await linesOf(bytes.slice(0, at), bytes.slice(at))).toEqual(whole)
  })

  it('at any bytes at once change nothing', async () => {
    const bytes = encode(small)
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length)), async (borders) => {
        const cuts = [0, ...borders.toSorted((a, b) => a - b), bytes.length]
        expect(await linesOf(...cuts.slice(1).map((cut, i) => bytes.slice(cuts[i], cut)))).toEqual(whole)
      }),
    )
  })

  it('do not keep hold of a chunk that its source fills anew', async () => {
    const buffer = encode('abc')
    async function* reused(): AsyncGenerator<Uint8Array> {
      yield buffer
      buffer.set(encode('de\n'))
      yield buffer
    }
    const out: (string | null)[] = []
    for await (const lines of readLines(reused())) out.push(...lines.map((l) => l.text))
    expect(out).toEqual(['abcde'])
  })
})

describe('the limit of a line', () => {
  it('is LINE_BYTES_MAX: a line of that length is read, one byte more is not', async () => {
    const longest = 'x'.repeat(LINE_BYTES_MAX)
    expect(await linesOf(`${longest}\nb\n`)).toEqual([longest, 'b'])
    expect(await linesOf(`a\n${longest}y\nb\n`)).toEqual(['a', null, 'b'])
  })

  it('holds for a line that never ends', async () => {
    expect(await linesOf('a\n', 'x'.repeat(LINE_BYTES_MAX), 'x')).toEqual(['a', null])
  })

  it('a line of 100 MB is reported and skipped in bounded memory', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const held = (): number => {
      // Buffers are freed behind the back of a collection: a second one waits for the first.
      collect()
      collect()
      return process.memoryUsage().arrayBuffers
    }
    let most = 0
    async function* large(): AsyncGenerator<Uint8Array> {
      yield encode('first\n')
      const before = held()
      for (let i = 1; i <= 1600; i++) {
        yield new Uint8Array(1 << 16).fill(120)
        if (i % 200 === 0) most = Math.max(most, held() - before)
      }
      yield encode('\nlast\n')
    }
    const out: (string | null)[] = []
    for await (const lines of readLines(large())) out.push(...lines.map((l) => l.text))
    expect(out).toEqual(['first', null, 'last'])
    expect(most).toBeLessThan(4 * LINE_BYTES_MAX)
  })
})
