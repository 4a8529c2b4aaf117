import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { deadLinksIn } from './dead-links.ts'

const site = mkdtempSync(join(tmpdir(), 'devtrail-site-'))
afterAll(() => rmSync(site, { recursive: true, force: true }))

it('links that lead nowhere are named, others are not', () => {
  mkdirSync(join(site, 'a'))
  writeFileSync(
    join(site, 'index.html'),
    '<p id="top"><a href="a/b.html#x">1</a><a href="#top">2</a><a href="https://example.org/none">3</a>',
  )
  writeFileSync(
    join(site, 'a/b.html'),
    '<p id="x"><a href="../index.html">1</a><a href="gone.html">2</a><img src="no.svg"><a href="../index.html#no">3</a><a href="http://FORMAT.md">4</a>',
  )
  expect(deadLinksIn(site)).toEqual(['a/b.html: gone.html', 'a/b.html: no.svg', 'a/b.html: ../index.html#no', 'a/b.html: http://FORMAT.md'])
})
