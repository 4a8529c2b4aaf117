import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { handed, packedPage } from '../dist/viewer/page.js'

/** Sizes on both sides of a group of three, and of what is written at once. */
const SIZES = [0, 1, 2, 3, 4, 786_431, 786_432, 786_433, 2_000_001]

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test.each([20_011, 65_536])('a file in a page is the file, however it comes (pieces of %i bytes)', async (size) => {
  const files = SIZES.map((bytes, i) => ({ path: `segments/${String(i).padStart(8, '0')}.seg`, bytes: randomBytes(bytes) }))
  async function* all() {
    for (const { path, bytes } of files) yield { path, bytes: inPieces(bytes, size) }
  }
  let html = ''
  for await (const piece of packedPage(handed('packed', '</script><!--', '00'), all())) html += piece
  const found = [...html.matchAll(/data-log-file="([^"]+)">([^<]*)<\/script>/g)].map(([, path, base64]) => [path, base64] as const)
  expect(found.map(([path]) => path)).toEqual(files.map(({ path }) => path))
  // As a browser reads it: atob takes nothing that stands behind a padding.
  for (const [i, [, base64]] of found.entries()) expect(Buffer.from(atob(base64!), 'latin1').equals(files[i]!.bytes)).toBe(true)
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)![1]!
  expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[\w+/]{43}=' blob:; style-src 'sha256-[\w+/]{43}='; worker-src blob:; /)
  expect(policy).not.toContain('unsafe')
  expect(html).not.toContain('</script><!--')
})
